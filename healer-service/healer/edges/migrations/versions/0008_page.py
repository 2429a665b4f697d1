"""What the page shows and needs: times and hourly counts of incidents, sessions, and how far followers of the log are.

The times of the incidents that are there already are read out of the log.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

OF_STATISTICS = ['created_at', 'category', 'approach', 'outcome', 'state']
ENDS = ('resolved', 'declined', 'rejected', 'rolled_back', 'regressed')
RELAPSED = ('rolled_back', 'regressed')
HOURS = timedelta(hours=24)  # that the page shows
MOST = 2**31


def upgrade() -> None:
    op.add_column('incidents', sa.Column('category', sa.String(63), nullable=False, server_default=''))
    op.add_column('incidents', sa.Column('opened_at', sa.String(32), nullable=False, server_default=''))
    op.add_column('incidents', sa.Column('proposed_at', sa.String(32)))
    op.add_column('incidents', sa.Column('healed_at', sa.String(32)))
    op.create_table(
        'occurrences',
        sa.Column('incident_id', sa.String(16), nullable=False),
        sa.Column('hour', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('count', BIG, nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name='fk_occurrences_incident_id'),
        sa.PrimaryKeyConstraint('incident_id', 'hour', name='pk_occurrences'),
    )
    op.create_index('ix_occurrences_hour', 'occurrences', ['hour'])
    op.create_table(
        'comebacks',
        sa.Column('number', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('incident_id', sa.String(16), nullable=False),
        sa.Column('release', sa.String(64), nullable=False),
        sa.Column('received_at', sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name='fk_comebacks_incident_id'),
        sa.PrimaryKeyConstraint('number', name='pk_comebacks'),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_comebacks_incident_id_release', 'comebacks', ['incident_id', 'release'], unique=True)
    op.create_table(
        'marks',
        sa.Column('name', sa.String(80), nullable=False),
        sa.Column('event_id', BIG, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_marks'),
    )
    op.create_table(
        'sessions',
        sa.Column('id', sa.String(64), nullable=False),
        sa.Column('role', sa.String(16), nullable=False),
        sa.Column('token', sa.String(64), nullable=False),
        sa.Column('made_at', sa.String(32), nullable=False),
        sa.Column('expires_at', sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_sessions'),
    )
    op.create_index('ix_sessions_expires_at', 'sessions', ['expires_at'])
    op.create_index('ix_incidents_first_seen', 'incidents', ['first_seen'])
    op.create_index('ix_incidents_category_last_seen', 'incidents', ['category', 'last_seen'])
    op.create_index('ix_events_type_id', 'events', ['type', 'id'])
    op.create_index('ix_events_key_type_id', 'events', ['key', 'type', 'id'])
    op.create_index('_'.join(('ix_proposals', *OF_STATISTICS)), 'proposals', OF_STATISTICS)
    op.add_column('proposals', sa.Column('recheck', sa.JSON()))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    extracted = {'sqlite': "json_extract(diagnosis, '$.category')", 'postgresql': "diagnosis ->> 'category'"}
    category = f"substr(coalesce({extracted[connection.dialect.name]}, ''), 1, 63)"
    connection.execute(sa.text(f'UPDATE incidents SET opened_at = first_seen, category = {category}'))
    known = [{'opened_at': None, 'proposed_at': None, 'healed_at': None, 'of': of} | times
             for of, times in _times(connection).items() if times]
    if known:
        connection.execute(sa.text(
            'UPDATE incidents SET opened_at = coalesce(:opened_at, opened_at), proposed_at = :proposed_at, '
            'healed_at = :healed_at WHERE id = :of'
        ), known)
    counted = [{'of': of, 'hour': hour, 'count': count} for (of, hour), count in _occurrences(connection).items()]
    if counted:
        connection.execute(
            sa.text('INSERT INTO occurrences (incident_id, hour, count) VALUES (:of, :hour, :count)'), counted
        )


def _occurrences(connection: sa.Connection) -> Counter[tuple[str, int]]:
    """Reports by incident and hour; those of an incident that was forgotten since are left out."""
    found: Counter[tuple[str, int]] = Counter()
    rows = sa.text(
        "SELECT key, timestamp, CAST(payload AS TEXT) FROM events WHERE type = 'report.received' "
        'AND timestamp >= :since AND key IN (SELECT id FROM incidents WHERE first_seen <= events.timestamp)'
    )
    since = (datetime.now(UTC) - HOURS).isoformat(timespec='microseconds').replace('+00:00', 'Z')
    for key, at, payload in connection.execute(rows, {'since': since}):
        new = _said(payload).get('new')
        if isinstance(new, int) and 0 < new < MOST:
            found[key, int(datetime.fromisoformat(at).timestamp()) // 3600] += new
    return found


def _times(connection: sa.Connection) -> dict[str, dict[str, str]]:
    """By incident; without `opened_at` that is when it was first seen."""
    found: dict[str, dict[str, str]] = {}
    rows = sa.text(
        'SELECT type, key, timestamp, CAST(payload AS TEXT) FROM events '
        "WHERE type IN ('incident.opened', 'incident.state', 'incident.healed') ORDER BY id"
    )
    for type, key, at, payload in connection.execute(rows):
        times = found.setdefault(key, {})
        said = _said(payload)
        before, to = said.get('from'), said.get('to')
        if type == 'incident.opened':
            times.clear()
        elif type == 'incident.healed':
            times['healed_at'] = at
        elif to == 'open' and before in ENDS:
            found[key] = {'opened_at': at}
        elif to == 'proposed':
            times.setdefault('proposed_at', at)
        elif to in RELAPSED:
            times.pop('healed_at', None)
    return found


def _said(payload: str) -> dict[str, object]:
    """Somebody may have changed what is there; the audit says so."""
    try:
        said = json.loads(payload)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def downgrade() -> None:
    op.drop_column('proposals', 'recheck')
    op.drop_index('_'.join(('ix_proposals', *OF_STATISTICS)), 'proposals')
    op.drop_index('ix_events_key_type_id', 'events')
    op.drop_index('ix_events_type_id', 'events')
    op.drop_index('ix_incidents_category_last_seen', 'incidents')
    op.drop_index('ix_incidents_first_seen', 'incidents')
    for table in ('sessions', 'marks', 'comebacks', 'occurrences'):
        op.drop_table(table)
    for column in ('healed_at', 'proposed_at', 'opened_at', 'category'):
        op.drop_column('incidents', column)
