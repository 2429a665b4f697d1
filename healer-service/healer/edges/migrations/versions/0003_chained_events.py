"""The event log is chained by digests, and the database itself refuses to change or delete what is in it.

A later migration that copies the table on SQLite (Alembic's batch mode) has to make the triggers again.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

# A row from before the chain may get its digest, once: the store gives it, which has the key.
SQLITE = (
    """CREATE TRIGGER events_unchanged BEFORE UPDATE ON events WHEN OLD.digest <> ''
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END""",
    """CREATE TRIGGER events_kept BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END""",
)
POSTGRES = (
    """CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''the event log is append-only''; END'""",
    """CREATE TRIGGER events_unchanged BEFORE UPDATE ON events FOR EACH ROW WHEN (OLD.digest <> '')
    EXECUTE FUNCTION events_append_only()""",
    "CREATE TRIGGER events_kept BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_append_only()",
    "CREATE TRIGGER events_whole BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()",
)
SQLITE_BACK = ('DROP TRIGGER events_unchanged', 'DROP TRIGGER events_kept')
POSTGRES_BACK = (
    'DROP TRIGGER events_unchanged ON events',
    'DROP TRIGGER events_kept ON events',
    'DROP TRIGGER events_whole ON events',
    'DROP FUNCTION events_append_only()',
)


def _sqlite():
    return op.get_bind().dialect.name == 'sqlite'


def upgrade() -> None:
    op.create_table('chain',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chain'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.add_column(sa.Column('digest', sa.String(length=64), nullable=False, server_default=''))
    for statement in SQLITE if _sqlite() else POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    for statement in SQLITE_BACK if _sqlite() else POSTGRES_BACK:
        op.execute(statement)
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_column('digest')
    op.drop_table('chain')
