"""What became of each proposal, and what had made it."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('proposals', schema=None) as batch_op:
        batch_op.add_column(sa.Column('approach', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('category', sa.String(length=63), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('outcome', sa.String(length=16), nullable=True))
        batch_op.create_index(batch_op.f('ix_proposals_service_category'), ['service', 'category'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('proposals', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_proposals_service_category'))
        batch_op.drop_column('outcome')
        batch_op.drop_column('category')
        batch_op.drop_column('approach')
