"""``method="iot"``: credentials for the certificate of a thing."""
