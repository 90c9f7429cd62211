"""The conformance harness: where an autograd implementation behaves as PyTorch does, and where it does not."""
