"""What can be asked of HMS, one class per noun of its API; each method is one request unless it says otherwise."""

from hms_client.resources.analysis_templates import AnalysisTemplates
from hms_client.resources.assistants import Assistants
from hms_client.resources.byok import Byok
from hms_client.resources.calls import Calls
from hms_client.resources.campaigns import Campaigns
from hms_client.resources.domains import Domains
from hms_client.resources.health import Health
from hms_client.resources.mcp_servers import McpServers
from hms_client.resources.numbers import Numbers
from hms_client.resources.organizations import Organizations
from hms_client.resources.sip_trunks import SipTrunks
from hms_client.resources.tool_templates import ToolTemplates
from hms_client.resources.usage import Usage
from hms_client.resources.voices import Voices
from hms_client.resources.web_calls import WebCalls
from hms_client.resources.workflows import Workflows

__all__ = [
    "AnalysisTemplates",
    "Assistants",
    "Byok",
    "Calls",
    "Campaigns",
    "Domains",
    "Health",
    "McpServers",
    "Numbers",
    "Organizations",
    "SipTrunks",
    "ToolTemplates",
    "Usage",
    "Voices",
    "WebCalls",
    "Workflows",
]
