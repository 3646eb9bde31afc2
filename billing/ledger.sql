-- The ledger of one agency: the function that posts, and the triggers that refuse whatever is not a posting.
--
-- The file is run once in each agency's schema by a migration, and may be run again after a change (by a new migration).
-- Names are not qualified: they mean the tables of the schema that the connection is in.

-- A wallet's row is rewritten with each entry; room in its page keeps that from touching the index.
ALTER TABLE billing_wallet SET (fillfactor = 50);
ALTER TABLE billing_wallet ALTER COLUMN balance SET DEFAULT 0, ALTER COLUMN held SET DEFAULT 0,
  ALTER COLUMN version SET DEFAULT 0, ALTER COLUMN digest SET DEFAULT decode(repeat('00', 32), 'hex');

-- Whether a kind may move this amount. Nothing moves by 0, and an unknown kind moves nothing.
CREATE OR REPLACE FUNCTION ledger_amount_fits(kind text, amount bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE
    WHEN kind IN ('dispute_won', 'purchase', 'refund_reversal', 'welcome') THEN amount > 0
    WHEN kind IN ('dispute', 'expiry', 'refund', 'usage') THEN amount < 0
    WHEN kind IN ('allocation', 'reversal', 'test_reversal', 'usage_correction') THEN amount <> 0
    ELSE false
  END;
END
$$;

-- A function, because PostgreSQL prepares a constraint's expression anew for each INSERT: as an expression this one takes
-- longer than the rest of the row.
ALTER TABLE billing_ledgerentry DROP CONSTRAINT IF EXISTS ledger_entry_amount_fits_kind;
ALTER TABLE billing_ledgerentry ADD CONSTRAINT ledger_entry_amount_fits_kind CHECK (ledger_amount_fits(kind, amount));

-- Post one movement: 'posted', or 'replayed' with the entry that its key has, or 'conflict' when the key stands for
-- another fact or another wallet; then nothing is booked and a row of billing_conflict says so. The wallet's row lock
-- comes first, so that whoever gets on has the newest balance and nobody else can move it before this transaction ends.
--
-- Here and in the triggers without sequential scans: a connection keeps its plans, and one made while a table was small
-- would read all of it for each posting until statistics are next gathered.
CREATE OR REPLACE FUNCTION ledger_post(
  p_wallet uuid, p_amount bigint, p_kind text, p_source text, p_source_id text, p_fact_hash bytea,
  p_livemode boolean, p_actor jsonb, p_reason text, p_event_at timestamptz,
  OUT outcome text, OUT version bigint, OUT amount bigint, OUT balance_after bigint
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  wallet record;
  stored record;
  happened_at timestamptz;
  booked_at timestamptz;
BEGIN
  SELECT w.balance, w.version, w.digest, w.last_entry_at INTO wallet
    FROM billing_wallet w WHERE w.client_id = p_wallet FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    INSERT INTO billing_wallet (client_id) SELECT c.id FROM clients_client c WHERE c.id = p_wallet
      ON CONFLICT DO NOTHING;
    SELECT w.balance, w.version, w.digest, w.last_entry_at INTO wallet
      FROM billing_wallet w WHERE w.client_id = p_wallet FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'ledger: there is no client %', p_wallet USING ERRCODE = 'foreign_key_violation';
    END IF;
  END IF;
  booked_at := greatest(clock_timestamp(), wallet.last_entry_at);
  happened_at := coalesce(p_event_at, booked_at);

  -- The unique key decides, also against another wallet's transaction that has not ended yet, and fails nobody.
  INSERT INTO billing_ledgerentry (wallet_id, version, amount, balance_after, kind, source, source_id, fact_hash,
      livemode, actor, reason, event_at, created_at, digest)
    VALUES (p_wallet, wallet.version + 1, p_amount, wallet.balance + p_amount, p_kind, p_source, p_source_id,
      p_fact_hash, p_livemode, p_actor, p_reason, happened_at, booked_at,
      -- The canonical text, line by line as in billing.movements.digest(); what may hold any character comes with its length.
      sha256(wallet.digest || convert_to(concat_ws(E'\n',
        p_wallet, wallet.version + 1, p_amount, wallet.balance + p_amount, p_kind, p_source,
        encode(p_fact_hash, 'hex'), p_livemode::text,
        (extract(epoch FROM happened_at) * 1000000)::bigint, (extract(epoch FROM booked_at) * 1000000)::bigint,
        length(p_source_id), p_source_id, length(p_reason), p_reason, p_actor::text), 'UTF8')))
    ON CONFLICT (kind, source, source_id) DO NOTHING;
  IF FOUND THEN
    outcome := 'posted';
    version := wallet.version + 1;
    amount := p_amount;
    balance_after := wallet.balance + p_amount;
    RETURN;
  END IF;

  SELECT e.wallet_id, e.version, e.amount, e.balance_after, e.fact_hash INTO stored FROM billing_ledgerentry e
    WHERE e.kind = p_kind AND e.source = p_source AND e.source_id = p_source_id;
  IF stored.wallet_id = p_wallet AND stored.fact_hash = p_fact_hash THEN
    outcome := 'replayed';
    version := stored.version;
    amount := stored.amount;
    balance_after := stored.balance_after;
    RETURN;
  END IF;
  INSERT INTO billing_conflict (id, wallet_id, kind, source, source_id, amount, fact_hash, created_at)
    VALUES (gen_random_uuid(), p_wallet, p_kind, p_source, p_source_id, p_amount, p_fact_hash, booked_at)
    ON CONFLICT DO NOTHING;
  outcome := 'conflict';
  version := wallet.version;
  amount := 0;
  balance_after := wallet.balance;
END
$$;

CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % of % is refused, entries and wallets stay', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;

-- New entries go on where their wallet stands, without a gap, and the wallet follows them in the same statement: there
-- is no entry without its balance and no balance without its entry.
CREATE OR REPLACE FUNCTION ledger_entries_added() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  wrong record;
BEGIN
  IF TG_TABLE_SCHEMA <> current_schema() THEN
    RAISE EXCEPTION 'ledger: % is written from inside its own schema', TG_RELID::regclass
      USING ERRCODE = 'restrict_violation';
  END IF;
  -- One entry is the common case, and a fraction of the price without windows.
  UPDATE billing_wallet w
     SET balance = a.balance_after, version = a.version, digest = a.digest, last_entry_at = a.created_at
    FROM added a
   WHERE w.client_id = a.wallet_id AND w.version = a.version - 1 AND w.balance = a.balance_after - a.amount
     AND (w.last_entry_at IS NULL OR w.last_entry_at <= a.created_at)
     AND NOT EXISTS (SELECT FROM added OFFSET 1);
  IF FOUND THEN
    RETURN NULL;
  END IF;
  SELECT e.wallet_id, e.version INTO wrong
    FROM (
      SELECT a.wallet_id, a.version, a.amount, a.balance_after, a.created_at,
             row_number() OVER steps AS step, lag(a.balance_after) OVER steps AS balance_before,
             lag(a.created_at) OVER steps AS entry_before_at
        FROM added a WINDOW steps AS (PARTITION BY a.wallet_id ORDER BY a.version)
    ) e LEFT JOIN billing_wallet w ON w.client_id = e.wallet_id
    WHERE w.client_id IS NULL OR e.version <> w.version + e.step
       OR e.balance_after <> coalesce(e.balance_before, w.balance) + e.amount
       OR e.created_at < coalesce(e.entry_before_at, w.last_entry_at)
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger: entry % does not continue wallet %', wrong.version, wrong.wallet_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  UPDATE billing_wallet w
     SET balance = n.balance_after, version = n.version, digest = n.digest, last_entry_at = n.created_at
    FROM (SELECT DISTINCT ON (a.wallet_id) a.wallet_id, a.version, a.balance_after, a.digest, a.created_at
            FROM added a ORDER BY a.wallet_id, a.version DESC) n
   WHERE w.client_id = n.wallet_id;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION ledger_refuse_wallet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: wallet % was to change without an entry', OLD.client_id USING ERRCODE = 'restrict_violation';
END
$$;

CREATE OR REPLACE FUNCTION ledger_wallets_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM wallets_after n WHERE n.version <> 0 OR n.balance <> 0 OR n.held <> 0
               OR n.last_entry_at IS NOT NULL OR n.digest <> decode(repeat('00', 32), 'hex')) THEN
    RAISE EXCEPTION 'ledger: a wallet starts empty' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END
$$;

-- One trigger for each statement, not for each row: a batch of a thousand entries is checked at once.
CREATE OR REPLACE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_ledgerentry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE OR REPLACE TRIGGER ledger_wallets_stay BEFORE DELETE OR TRUNCATE ON billing_wallet
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE OR REPLACE TRIGGER ledger_entries_added AFTER INSERT ON billing_ledgerentry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_added();
-- Nothing but the trigger above moves a wallet, and what it writes it has just checked: a statement of its own that moves
-- one is refused whatever it writes. A condition costs nothing where it does not apply; a look for the entry costs as much
-- as writing it.
CREATE OR REPLACE TRIGGER ledger_wallets_changed
  BEFORE UPDATE OF client_id, balance, version, digest, last_entry_at ON billing_wallet
  FOR EACH ROW WHEN (
    OLD.client_id <> NEW.client_id
    OR pg_trigger_depth() = 0 AND (OLD.balance, OLD.version, OLD.digest, OLD.last_entry_at)
      IS DISTINCT FROM (NEW.balance, NEW.version, NEW.digest, NEW.last_entry_at)
  ) EXECUTE FUNCTION ledger_refuse_wallet();
CREATE OR REPLACE TRIGGER ledger_wallets_added AFTER INSERT ON billing_wallet
  REFERENCING NEW TABLE AS wallets_after FOR EACH STATEMENT EXECUTE FUNCTION ledger_wallets_added();
