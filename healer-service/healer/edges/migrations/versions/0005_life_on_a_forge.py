"""Proposals are kept by their branch, with what their forge has of them; what people say about them; feedback.

The primary key changes, so the table is made anew. It is small: what is in it goes through memory.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

def _kept():
    return (
        sa.Column('branch', sa.String(100), nullable=False),
        sa.Column('service', sa.String(63), nullable=False),
        sa.Column('number', sa.Integer()),
        sa.Column('incident_id', sa.String(16), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('base', sa.Text(), nullable=False),
        sa.Column('head_sha', sa.String(64), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('diff', sa.Text(), nullable=False),
        sa.Column('url', sa.Text(), nullable=False),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('merge_sha', sa.String(64)),
        sa.Column('created_at', sa.String(32), nullable=False),
        sa.Column('approach', sa.Text(), nullable=False, server_default=''),
        sa.Column('category', sa.String(63), nullable=False, server_default=''),
        sa.Column('outcome', sa.String(16)),
        sa.Column('draft', sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def _new():
    return (
        sa.Column('base_sha', sa.String(64), nullable=False, server_default=''),
        sa.Column('pushed_sha', sa.String(64), nullable=False, server_default=''),
        sa.Column('pushed_at', sa.String(32)),
        sa.Column('told', sa.String(64), nullable=False, server_default=''),
        sa.Column('closing', sa.Text(), nullable=False, server_default=''),
        sa.Column('closed_at', sa.String(32)),
        sa.Column('rounds', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('amended', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('forge_draft', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('readied', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('reviewer', sa.Text(), nullable=False, server_default=''),
        sa.Column('seen', sa.String(64), nullable=False, server_default=''),
    )


def _made_anew(columns, *constraints) -> sa.Table:
    """The table `proposals` with these columns and what was in it."""
    connection = op.get_bind()
    old = sa.Table('proposals', sa.MetaData(), autoload_with=connection)
    rows = [dict(row) for row in connection.execute(sa.select(old)).mappings()]
    op.drop_table('proposals')
    foreign = sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name='fk_proposals_incident_id')
    new = op.create_table('proposals', *columns, foreign, *constraints)
    known = {column.name for column in columns}
    for row in rows:
        connection.execute(new.insert().values({name: value for name, value in row.items() if name in known}))
    op.create_index('ix_proposals_state', 'proposals', ['state'])
    op.create_index('ix_proposals_service_category', 'proposals', ['service', 'category'])
    return new


def upgrade() -> None:
    new = _made_anew((*_kept(), *_new()), sa.PrimaryKeyConstraint('branch', name='pk_proposals'))
    # Until now one that was there was there as it is.
    op.execute(new.update().values(pushed_sha=new.c.head_sha, readied=sa.true(), reviewer='-'))
    op.create_index('ix_proposals_service_number', 'proposals', ['service', 'number'], unique=True)
    op.create_index('ix_proposals_incident_id', 'proposals', ['incident_id'])
    op.create_table(
        'remarks',
        sa.Column('service', sa.String(63), nullable=False),
        sa.Column('id', sa.String(80), nullable=False),
        sa.Column('branch', sa.String(100), nullable=False),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('by', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('at', sa.String(32), nullable=False),
        sa.Column('taken_at', sa.String(32), nullable=False),
        sa.Column('worked', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('service', 'id', name='pk_remarks'),
    )
    op.create_index('ix_remarks_branch', 'remarks', ['branch'])
    op.create_index('ix_remarks_worked', 'remarks', ['worked'])
    with op.batch_alter_table('incidents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('feedback', sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table('incidents', schema=None) as batch_op:
        batch_op.drop_column('feedback')
    op.drop_table('remarks')
    op.execute("DELETE FROM proposals WHERE number IS NULL")  # the older tables cannot hold them
    _made_anew(_kept(), sa.PrimaryKeyConstraint('service', 'number', name='pk_proposals'))
    op.create_index('ix_proposals_incident_id_attempt', 'proposals', ['incident_id', 'attempt'], unique=True)
