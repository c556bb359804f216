"""Tests, intervals and sizes of effect whose observation is a replication, never a row of patients."""
