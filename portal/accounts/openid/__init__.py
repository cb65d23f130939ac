"""Signing in with an account at another provider, by OpenID Connect.

`providers` says which there are, `flows` what a browser keeps on its way there and back, `discovery`
what a provider publishes of itself, `exchange` proves who came back. The last two are slow to import
(Authlib, Requests) and are imported when somebody uses them.
"""
