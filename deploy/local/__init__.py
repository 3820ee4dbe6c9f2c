"""The whole system on one machine, without containers: real servers, every service, one supervisor.

`python -m deploy.local --help` lists the commands; `deploy.local.system.LocalSystem` is the same for tests.
"""
