"""Where pytest finds the conformance suite: ``pytest --pyargs conformance --subject=mylib``."""
