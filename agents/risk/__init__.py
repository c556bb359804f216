"""Heart risk: the patients, a calibrated model of their risk, and how it drifts from visit to visit."""
