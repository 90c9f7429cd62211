"""Where the elements of a tensor lie, which strides a result has, and memory that is used again."""
