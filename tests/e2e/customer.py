"""A customer's client of the MDR API, written from the API's description alone (requests, scheme 1).

It reads keys without looking at status codes, signs naive UTC stamps, sends JSON with Python's own separators and escapes:
what existing clients do. Prints one JSON object: what it saw.
"""
import hashlib
import hmac
import json
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import requests


class Customer:
    def __init__(self, base_url, key, secret):
        self.base_url = base_url.rstrip('/')
        self.key = key
        self.secret = secret
        self.session = requests.Session()

    def call(self, method, path, body=None, query=None, headers=None):
        data = json.dumps(body) if body is not None else ''
        timestamp = datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
        text = '\n'.join([method, path, timestamp, data])
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        response = self.session.request(
            method, self.base_url + path + ('?' + urlencode(query) if query else ''), data=data if body is not None else None,
            headers={'X-API-Key': self.key, 'X-Timestamp': timestamp, 'X-Signature': signature, 'Content-Type': 'application/json', **(headers or {})})
        self.status = response.status_code
        self.type = response.headers.get('content-type', '')
        return response.json() if 'json' in self.type else response.text

    def incidents(self, **query):
        return self.call('GET', '/api/v1/incidents', query=query)

    def incident(self, incident):
        return self.call('GET', '/api/v1/incidents/' + incident)

    def act(self, incident, action_type, targets, reason):
        return self.call('POST', '/api/v1/incidents/%s/actions' % incident, {
            'action_type': action_type, 'targets': targets, 'reason': reason, 'requested_by': 'soc@customer.example', 'urgency': 'high'})

    def approve(self, action, approved, comment=''):
        return self.call('POST', '/api/v1/actions/%s/approval' % action, {'approved': approved, 'comment': comment, 'approved_by': 'ciso@customer.example'})

    def lookup(self, indicators):
        return self.call('POST', '/api/v1/threat-intel/lookup', {'indicators': indicators})

    def report(self, year, month, **query):
        return self.call('GET', '/api/v1/reports/monthly/%d/%s' % (year, month), query=query)

    def metrics(self, **query):
        return self.call('GET', '/api/v1/metrics', query=query)


def main(base_url, key, secret, approver_key, approver_secret, indicator):
    me = Customer(base_url, key, secret)
    approver = Customer(base_url, approver_key, approver_secret)
    seen = {}

    listed = me.incidents(status='open')['incidents']
    seen['statuses_read'] = [sorted(one.keys() & {'id', 'severity', 'title', 'status', 'detected_at', 'analyst'}) for one in listed]
    seen['incidents'] = [{'severity': one['severity'], 'title': one['title'], 'status': one['status']} for one in listed]
    seen['critical_only'] = [one['severity'] for one in me.incidents(severity='critical')['incidents']]
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    seen['window'] = len(me.incidents(start_time=(now - timedelta(days=1)).isoformat(), end_time=(now + timedelta(minutes=1)).isoformat())['incidents'])
    seen['future'] = len(me.incidents(start_time=(now + timedelta(days=1)).isoformat())['incidents'])

    # What an existing client does: isolate every affected host of what is critical, and read action_id without looking at the status.
    seen['critical'] = []
    for one in listed:
        if one['severity'] != 'critical':
            continue
        detail = me.incident(one['id'])
        for host in detail['affected_hosts']:
            answer = me.act(one['id'], 'isolate_host', [host], '자격 증명 덤프가 확인되어 격리합니다')
            state = me.call('GET', '/api/v1/actions/' + answer['action_id'])
            seen['critical'].append({'host': host, 'http': 202, 'status': answer['status'], 'targets': answer['targets'], 'later': state['status'], 'target_reasons': [t.get('reason_code') for t in state['targets']]})
    # Below critical the other side decides.
    seen['below'] = None
    for one in listed:
        if one['severity'] in ('critical', 'informational') or not one['affected_hosts']:
            continue
        asked = me.act(one['id'], 'isolate_host', one['affected_hosts'][:1], 'suspicious')
        asked_http = me.status
        again = me.act(one['id'], 'isolate_host', one['affected_hosts'][:1], 'suspicious')
        own = me.approve(asked['action_id'], True)
        own_http = me.status
        waiting = [action['action_id'] for action in me.call('GET', '/api/v1/actions', query={'status': 'awaiting_approval'})['actions']]
        decided = approver.approve(asked['action_id'], True)
        twice = approver.approve(asked['action_id'], False)
        seen['below'] = {
            'http': asked_http, 'status': asked['status'], 'same_answer': again['action_id'] == asked['action_id'], 'own_http': own_http, 'own_code': own.get('code'), 'waiting': asked['action_id'] in waiting,
            'decided': sorted(decided.keys() & {'action_id', 'status', 'decided_by', 'decided_at'}), 'decided_status': decided.get('status'), 'twice_http': approver.status, 'twice_code': twice.get('code')}
        break

    found = me.lookup([indicator, indicator.replace('.', '[.]'), 'hxxp://unheard-of[.]example/x', 'no indicator at all'])['results']
    seen['lookup'] = [{'type': one['type'], 'verdict': one['verdict'], 'confidence': one['confidence']} for one in found]

    year, month = now.year, now.month
    report = me.report(year, '%02d' % month)
    seen['report_keys'] = sorted(report.keys())
    seen['report_plain_month'] = me.report(year, str(month)).keys() == report.keys()
    page = me.call('GET', '/api/v1/reports/monthly/%d/%d' % (year, month), query={'format': 'html'})
    seen['report_html'] = {'type': me.type, 'bytes': len(page)}
    me.report(year + 1, '01')
    seen['report_future'] = me.status
    metrics = me.metrics()
    seen['metrics'] = {name: metrics[name] for name in ('mttd_minutes', 'mttr_minutes', 'incidents_count', 'false_positive_rate')}

    me.incident('inc_unheardof')
    seen['unknown_http'] = me.status
    json.dump(seen, sys.stdout)


if __name__ == '__main__':
    main(*sys.argv[1:])
