"""The recorded oracle: programs and PyTorch's traces of them in one file, so that a verdict needs no PyTorch."""

from conformance.recorded.corpus import Corpus, CorpusError
from conformance.recorded.oracle import Recorded
from conformance.recorded.shipped import SHIPPED

__all__ = ["Corpus", "CorpusError", "Recorded", "SHIPPED"]
