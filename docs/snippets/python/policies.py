from evercreds import AssumeRoleConfig, RefreshableSession

role = AssumeRoleConfig(RoleArn="arn:aws:iam::123456789012:role/job")

RefreshableSession(assume_role_kwargs=role)

RefreshableSession(assume_role_kwargs=role, max_wait=2)

RefreshableSession(assume_role_kwargs=role, policy="adaptive")

RefreshableSession(assume_role_kwargs=role, stability="strict", max_wait=0)

RefreshableSession(assume_role_kwargs=role, stability="static", max_stale=3600)

RefreshableSession(assume_role_kwargs=role, defer_refresh=False)
