"""What may stand in a log: everything but secrets."""

import logging
import re

from vault import key_shapes

# The address is what lets HMS in: whoever reads it could report in its name, but for the signature.
_HMS_ADDRESS = re.compile(r"(/webhooks/hms/)[^\s/?'\"]+")


class MaskSecrets(logging.Filter):
    """Takes keys, and the tokens in addresses, out of lines and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _hidden(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = _hidden(logging.Formatter().formatException(record.exc_info))
        return True


def _hidden(text: str) -> str:
    return _HMS_ADDRESS.sub(r"\1***", key_shapes.hidden(text))
