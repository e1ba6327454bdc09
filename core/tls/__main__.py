"""`python -m core.tls FOLDER`: make or renew what is due. `... CERTIFICATE KEY`: can it be used?"""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path

from core.tls.authority import RENEW_BEFORE, Authority, AuthorityError
from core.tls.names import certificate_names
from core.tls.served import CertificateProblem, ServedFiles, load


def main(arguments: list[str]) -> int:
    """Do it, in the environment of the console; print the outcome and when it is due again."""
    try:
        if len(arguments) == 1:
            authority = Authority(Path(arguments[0]))
            outcome = authority.ensure(certificate_names(os.environ))
            shown = authority.server_certificate()
            assert shown is not None
            due = int((shown.not_valid_after_utc - RENEW_BEFORE).timestamp())
            sys.stdout.write(f"{outcome} {due}\n")
        else:
            files = ServedFiles(*map(Path, arguments))
            load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), files)
    except (AuthorityError, CertificateProblem, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
