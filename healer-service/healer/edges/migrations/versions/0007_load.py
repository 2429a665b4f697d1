"""What a flood of reports needs: ids of counted reports apart from the few that are kept, and indexes by service.

The ids are hashes with the service's name in them from here on; a way back leaves them so.
"""

import hashlib

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
    _hash_ids(op.get_bind())
    op.execute('INSERT INTO seen (id, incident_id) SELECT id, incident_id FROM reports ORDER BY received_at')
    if op.get_bind().dialect.name == 'postgresql':  # SQLite's numbers have no such bound
        op.alter_column('incidents', 'count', type_=sa.BigInteger())


def _hash_ids(connection: sa.Connection) -> None:
    of = sa.text('SELECT r.id, i.service FROM reports r JOIN incidents i ON i.id = r.incident_id')
    new = [
        {'old': old, 'new': hashlib.sha256(f'{service}\0{old}'.encode()).hexdigest()}
        for old, service in connection.execute(of).all()
    ]
    if new:
        connection.execute(sa.text('UPDATE reports SET id = :new WHERE id = :old'), new)


def downgrade() -> None:
    op.drop_table('seen')
    for name in INDEXES:
        op.drop_index(f'ix_incidents_service_{name}', 'incidents')
    op.drop_column('incidents', 'own')
