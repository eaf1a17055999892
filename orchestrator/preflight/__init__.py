"""What an environment needs before anything exists: address ranges, names and service quotas.

Pure data, computed from the environment files alone. `addresses` and `names` are asked when the files are
read, so that what AWS would refuse after minutes is refused on its line; `quotas` says what the account must
allow, for whoever can look at an account.
"""
