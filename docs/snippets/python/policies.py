from evercreds import RefreshableSession

role = {"RoleArn": "arn:aws:iam::123456789012:role/job"}

# --8<-- [start:default]
RefreshableSession(assume_role_kwargs=role)
# --8<-- [end:default]

# --8<-- [start:server]
RefreshableSession(assume_role_kwargs=role, max_wait=2)
# --8<-- [end:server]

# --8<-- [start:fleet]
RefreshableSession(assume_role_kwargs=role, policy="adaptive")
# --8<-- [end:fleet]

# --8<-- [start:strict]
RefreshableSession(assume_role_kwargs=role, stability="strict", max_wait=0)
# --8<-- [end:strict]

# --8<-- [start:static]
RefreshableSession(assume_role_kwargs=role, stability="static", max_stale=3600)
# --8<-- [end:static]

# --8<-- [start:eager]
RefreshableSession(assume_role_kwargs=role, defer_refresh=False)
# --8<-- [end:eager]
