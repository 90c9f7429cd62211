"""Anomaly detection: for now only the switch that error texts look at."""

enabled = False
