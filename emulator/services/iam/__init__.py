"""Authorize every request of a role as AWS would, before it is executed.

    guard      WSGI: authenticate and authorize requests; refuse them in the service's format
    needs      the actions and resources that a call requires
    tables     resources of each service's operations, as data
    storage    the same for S3, whose requests are paths, and for the keys of what is stored
    context    condition keys of a request: those that are known, and those that it certainly lacks
    decisions  counts of decisions, which show the calls that a role makes

Policies are enforced for roles and users. The dummy key of this machine is the account's administrator, which only a
bucket's Deny and the trust policies of roles restrict. Signatures are verified for every key.
"""
