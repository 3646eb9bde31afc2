"""The database refuses to change, remove or empty the log."""

from django.db import migrations

INSTALL = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit: % of % is refused, entries stay', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_heads_stay BEFORE DELETE OR TRUNCATE ON audit_audithead
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
UNINSTALL = """
DROP TRIGGER IF EXISTS audit_entries_stay ON audit_auditentry;
DROP TRIGGER IF EXISTS audit_heads_stay ON audit_audithead;
DROP FUNCTION IF EXISTS audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(INSTALL, reverse_sql=UNINSTALL)]
