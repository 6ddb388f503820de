"""One job run: its arguments, its folder and import fence, its process, its bookmark."""
