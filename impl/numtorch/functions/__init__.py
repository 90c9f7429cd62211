"""What users call: argument forms, checks and error texts, over the generated operators."""
