"""workflows.yaml: read, checked against the rules of AWS, deployed."""
