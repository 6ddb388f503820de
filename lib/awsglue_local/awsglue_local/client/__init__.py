"""What people use: runs, logs, graphs."""
