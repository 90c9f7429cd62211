"""What can only be measured in a process of its own: imports, memory, instructions, endurance."""
