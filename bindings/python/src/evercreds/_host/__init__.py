"""The host: what is around the machine, in the words of docs/HOST.md."""
