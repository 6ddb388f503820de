"""The whole platform on one machine: deploys it to a local AWS and shows rows travel through it."""
