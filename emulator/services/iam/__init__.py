"""Every request of a role is judged as AWS would judge it, before anything is carried out.

    guard      WSGI: who asks, what for, yes or no, and the refusal in the service's own words
    needs      one call as the actions and resources that it takes
    tables     resources of each service's operations, as data
    storage    the same for S3, whose requests are paths, and for the keys of what is stored
    context    condition keys: what is known about a request, and what is certainly not part of it
    decisions  what was decided, counted, for whoever wants to know which calls a role makes

Roles and users are held to their policies. The dummy key of this machine is the account's administrator, whom only a
bucket's Deny and the trust policies of roles bind. Signatures are not verified: every key here is made up.
"""
