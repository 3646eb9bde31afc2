"""Every number and address the client works with, in one place."""

from typing import Final

VERSION: Final = "0.1.0"
USER_AGENT: Final = f"hms-client-python/{VERSION}"

BASE_URL: Final = "https://api.hmsovereign.com/api/v1"
WEB_CALL_URL: Final = "https://assistant-api.hmsovereign.com/v1/web-calls"

TIMEOUT_SECONDS: Final = 30.0
MAX_RETRIES: Final = 2
FIRST_BACKOFF_SECONDS: Final = 1.0
LONGEST_BACKOFF_SECONDS: Final = 8.0
LONGEST_WAIT_SECONDS: Final = 30.0  # however long a 429 asks us to wait
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024

PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 1000  # more is never sent: whether HMS clamps or refuses is not documented
PAGE_OVERLAP: Final = 5  # rows asked for again, so that rows which vanish meanwhile hide no others

SIGNATURE_TOLERANCE_SECONDS: Final = 300
