import hms_client

NAMES = """
Accepted AnalysisTemplate Assistant BASE_URL BadRequest Call CallPage Campaign ChildOrganization Conflict
ConnectionFailed CreatedOrganization Domain Forbidden FrozenMap HMSClient HMSError HealthReport InsufficientCredits
InvalidArgument InvalidSignature Json LIVE_STATUSES Lead McpServer McpTest Message NotFound Number Organization
ProviderKeys RateHeaders RateLimited ResendDomain ResendDomains Retention ServerFault SignatureFault SipTrunk
StartedCall StatusError TimedOut ToolTemplate Unauthorized UnexpectedAnswer Unprocessable UnreadableWebhook
UsagePage UsageRow UsageSummary VERSION Voice WEB_CALL_URL WebCall WebhookEvent Workflow signatures webhooks
"""


def test_the_public_names_are_these_and_no_others():
    assert sorted(hms_client.__all__) == sorted(NAMES.split())
    assert all(hasattr(hms_client, name) for name in hms_client.__all__)
