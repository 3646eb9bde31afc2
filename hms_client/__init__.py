"""A client for the HMS Sovereign (VoiceDock) HTTP API: exact numbers, frozen answers, one tree of errors.

>>> from hms_client import HMSClient
>>> with HMSClient(api_key) as hms:  # doctest: +SKIP
...     hms.organizations.get().minutes_balance
Decimal('500.5')
"""

from hms_client import signatures, webhooks
from hms_client.client import HMSClient
from hms_client.constants import BASE_URL, VERSION, WEB_CALL_URL
from hms_client.errors import (
    BadRequest,
    Conflict,
    ConnectionFailed,
    Forbidden,
    HMSError,
    InsufficientCredits,
    InvalidArgument,
    InvalidSignature,
    NotFound,
    RateHeaders,
    RateLimited,
    ServerFault,
    SignatureFault,
    StatusError,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
    Unprocessable,
    UnreadableWebhook,
)
from hms_client.shapes.assistants import Assistant
from hms_client.shapes.building_blocks import AnalysisTemplate, McpServer, McpTest, ToolTemplate, Voice, Workflow
from hms_client.shapes.calls import LIVE_STATUSES, Accepted, Call, CallPage, Message, StartedCall, WebCall
from hms_client.shapes.campaigns import Campaign, Lead
from hms_client.shapes.organizations import ChildOrganization, CreatedOrganization, Organization, Retention
from hms_client.shapes.settings import Domain, HealthReport, ProviderKeys, ResendDomain, ResendDomains
from hms_client.shapes.telephony import Number, SipTrunk
from hms_client.shapes.usage import UsagePage, UsageRow, UsageSummary
from hms_client.values import FrozenMap, Json
from hms_client.webhooks import WebhookEvent

__version__ = VERSION

__all__ = [
    "BASE_URL",
    "LIVE_STATUSES",
    "VERSION",
    "WEB_CALL_URL",
    "Accepted",
    "AnalysisTemplate",
    "Assistant",
    "BadRequest",
    "Call",
    "CallPage",
    "Campaign",
    "ChildOrganization",
    "Conflict",
    "ConnectionFailed",
    "CreatedOrganization",
    "Domain",
    "Forbidden",
    "FrozenMap",
    "HMSClient",
    "HMSError",
    "HealthReport",
    "InsufficientCredits",
    "InvalidArgument",
    "InvalidSignature",
    "Json",
    "Lead",
    "McpServer",
    "McpTest",
    "Message",
    "NotFound",
    "Number",
    "Organization",
    "ProviderKeys",
    "RateHeaders",
    "RateLimited",
    "ResendDomain",
    "ResendDomains",
    "Retention",
    "ServerFault",
    "SignatureFault",
    "SipTrunk",
    "StartedCall",
    "StatusError",
    "TimedOut",
    "ToolTemplate",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unprocessable",
    "UnreadableWebhook",
    "UsagePage",
    "UsageRow",
    "UsageSummary",
    "Voice",
    "WebCall",
    "WebhookEvent",
    "Workflow",
    "signatures",
    "webhooks",
]
