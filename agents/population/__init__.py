"""The people around the hospitals: their risk drifts, they fall ill, come, are invited and come back."""
