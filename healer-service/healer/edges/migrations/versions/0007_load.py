"""What a flood of reports needs: ids of counted reports apart from the few that are kept, and indexes by service."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

INDEXES = ('first_seen', 'last_seen', 'state')


def upgrade() -> None:
    op.add_column('incidents', sa.Column('own', sa.Boolean(), nullable=False, server_default=sa.true()))
    for name in INDEXES:
        op.create_index(f'ix_incidents_service_{name}', 'incidents', ['service', name])
    op.create_table(
        'seen',
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('id', sa.String(64), nullable=False),
        sa.Column('incident_id', sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name='fk_seen_incident_id'),
        sa.PrimaryKeyConstraint('number', name='pk_seen'),
        sa.UniqueConstraint('id', name='uq_seen_id'),
    )
    op.create_index('ix_seen_incident_id_number', 'seen', ['incident_id', 'number'])
    op.execute('INSERT INTO seen (id, incident_id) SELECT id, incident_id FROM reports ORDER BY received_at')


def downgrade() -> None:
    op.drop_table('seen')
    for name in INDEXES:
        op.drop_index(f'ix_incidents_service_{name}', 'incidents')
    op.drop_column('incidents', 'own')
