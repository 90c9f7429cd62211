"""Random programs without end: `run` compares a subject with the oracle on them and keeps what it finds, a cause once."""

from conformance.fuzz.campaign import Campaign, Result, run
from conformance.fuzz.cluster import NoCluster
from conformance.fuzz.findings import Found, Store
from conformance.fuzz.worker import Tally
from conformance.report.causes import Cause

__all__ = ["Campaign", "Cause", "Found", "NoCluster", "Result", "Store", "Tally", "run"]
