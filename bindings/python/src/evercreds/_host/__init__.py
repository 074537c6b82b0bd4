"""The host: what is around the machine, in the words of docs/reference/host.md."""
