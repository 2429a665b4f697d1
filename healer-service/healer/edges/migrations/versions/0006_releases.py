"""A release has a life of its own: tried again, shared, watched, left; and proposals that take one back."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('incidents', sa.Column('opened_on', sa.String(64)))
    for column in (
        sa.Column('origin', sa.String(16), nullable=False, server_default='proposal'),
        sa.Column('tries', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('next_try', sa.Float(), nullable=False, server_default='0'),
        sa.Column('live_at', sa.String(32)),
        sa.Column('until', sa.Float()),
        sa.Column('before', sa.JSON()),
        sa.Column('target', sa.String(64)),
        sa.Column('left_by', sa.Text(), nullable=False, server_default=''),
    ):
        op.add_column('releases', column)
    op.create_index('ix_releases_service_state', 'releases', ['service', 'state'])
    # A release was "prepared" while it was on its way; from now on it is looked at again.
    op.execute("UPDATE releases SET state = 'waiting' WHERE state = 'prepared'")
    op.execute("UPDATE releases SET live_at = at WHERE state = 'live'")
    op.execute("UPDATE releases SET origin = 'first' WHERE incident_id IS NULL")
    op.create_table(
        'reverts',
        sa.Column('service', sa.String(63), nullable=False),
        sa.Column('commit', sa.String(64), nullable=False),
        sa.Column('incident_id', sa.String(16)),
        sa.Column('branch', sa.String(100), nullable=False),
        sa.Column('base', sa.Text(), nullable=False),
        sa.Column('head_sha', sa.String(64), nullable=False),
        sa.Column('number', sa.Integer()),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('diff', sa.Text(), nullable=False),
        sa.Column('url', sa.Text(), nullable=False, server_default=''),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('merge_sha', sa.String(64)),
        sa.Column('by', sa.Text(), nullable=False, server_default=''),
        sa.Column('closing', sa.Text(), nullable=False, server_default=''),
        sa.Column('created_at', sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint('service', 'commit', name='pk_reverts'),
        sa.UniqueConstraint('branch', name='uq_reverts_branch'),
    )
    op.create_index('ix_reverts_state', 'reverts', ['state'])


def downgrade() -> None:
    op.drop_table('reverts')
    op.drop_index('ix_releases_service_state', 'releases')
    for name in ('left_by', 'target', 'before', 'until', 'live_at', 'next_try', 'tries', 'origin'):
        op.drop_column('releases', name)
    op.drop_column('incidents', 'opened_on')
