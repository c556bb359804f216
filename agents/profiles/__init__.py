"""Synthetic patient profiles: the record, its files, the census, the calibrated generator, quality and severity."""
