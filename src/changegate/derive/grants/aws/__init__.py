"""Grants of AWS. `terraform` and `cloudformation` read what stands in code and templates; the rest is shared.

- `policy`, `principals`, `conditions`: a policy document to statements, who they name, what keeps people out
- `grant`, `drafts`: statements to grants
- `cover`, `difference`, `relations`, `propositions`: what the head allows that the base did not
- `escalation`, `legs`, `reach`, `oidc`, `guards`, `levels`: what a grant comes to
"""
