"""Access tokens for XOAUTH2, from a token endpoint (RFC 6749: refresh token or client credentials), kept until they expire."""

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import urllib3

from intake_email.mailboxes.configuration import Grant, Secrets, TokenSource
from intake_email.mailboxes.sessions import MailboxFault

_EARLY_SECONDS = 60
_CODE = re.compile(r"[a-z_]{1,40}")

logger = logging.getLogger(__name__)


class AccessTokens:
    """Of one mailbox."""

    def __init__(self, source: TokenSource, secrets: Secrets, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._secrets, self._clock = source, dict(secrets), clock
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=15), retries=False)
        self._token, self._until = "", 0.0

    def get(self) -> str:
        """A token that holds for another minute. Raises MailboxFault: `token-refused`, `token-endpoint-away`."""
        if not self._token or self._clock() >= self._until:
            self._renew()
        return self._token

    def forget(self) -> None:
        """The server did not take it: the next one is asked for anew."""
        self._token = ""

    def _renew(self) -> None:
        self._token = ""
        answer = self._asked()
        token, lasts = answer.get("access_token"), answer.get("expires_in", 300)
        # It goes into a protocol of lines.
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]{1,16384}", token):
            raise MailboxFault("token-not-understood")
        self._token = token
        self._until = self._clock() + max(0.0, (lasts if isinstance(lasts, int | float) else 300) - _EARLY_SECONDS)

    def _asked(self) -> dict[str, Any]:
        fields = {"grant_type": self._source.grant.value, "client_id": self._source.client_id}
        if self._source.scope:
            fields["scope"] = self._source.scope
        names = ("client_secret", *(["refresh_token"] if self._source.grant is Grant.REFRESH_TOKEN else []))
        fields |= {name: self._secrets[name].get_secret_value() for name in names if name in self._secrets}
        try:
            answer = self._pool.request(
                "POST", self._source.endpoint, fields=fields, encode_multipart=False, redirect=False
            )
            status, content = answer.status, answer.data
        except urllib3.exceptions.HTTPError:
            raise MailboxFault("token-endpoint-away") from None
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        found = document if isinstance(document, dict) else {}
        if 400 <= status < 500 and status != 429:
            code = str(found.get("error", ""))
            logger.warning("token_refused", extra={"status": status, "reason": code if _CODE.fullmatch(code) else ""})
            raise MailboxFault("token-refused", person=True)
        if status != 200:
            raise MailboxFault("token-endpoint-away")
        return found
