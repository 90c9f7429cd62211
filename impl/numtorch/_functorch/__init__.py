"""The interpreters, transforms and batching rules behind torch.func."""
