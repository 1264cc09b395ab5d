// AWS CloudTrail records. Reference: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
import { event, present } from './ocsf.ts'
import type { Columns, Fields, LogSource } from './reading.ts'
import { parseTime } from './time.ts'
import { ip, isBag, oneLine, table, text } from './values.ts'
import type { Bag } from './values.ts'

export function isCloudTrail(record: Bag): boolean {
  return typeof record['eventSource'] === 'string' && typeof record['eventName'] === 'string' && (record['eventVersion'] !== undefined || record['awsRegion'] !== undefined || record['userIdentity'] !== undefined)
}

export const cloudTrailLogSource: LogSource = { product: 'aws', service: 'cloudtrail' }

const NAMED = table<number>({
  ConsoleLogin: 300201, CheckMfa: 300299, SwitchRole: 300207, ExitRole: 300202, GetSigninToken: 300203,
  CreateUser: 300101, DeleteUser: 300106, CreateLoginProfile: 300102, DeleteLoginProfile: 300105, UpdateLoginProfile: 300104, ChangePassword: 300103, AttachUserPolicy: 300107, PutUserPolicy: 300107, DetachUserPolicy: 300108,
  DeleteUserPolicy: 300108, EnableMFADevice: 300110, DeactivateMFADevice: 300111, UpdateUser: 300199, CreateAccessKey: 300199, DeleteAccessKey: 300199, UpdateAccessKey: 300199, CreateRole: 300101, DeleteRole: 300106, AttachRolePolicy: 300107,
  DetachRolePolicy: 300108, PutRolePolicy: 300107, DeleteRolePolicy: 300108,
  CreateGroup: 300606, DeleteGroup: 300605, AddUserToGroup: 300603, RemoveUserFromGroup: 300604, AttachGroupPolicy: 300601, DetachGroupPolicy: 300602, PutGroupPolicy: 300601, DeleteGroupPolicy: 300602,
})
const IAM_SOURCES = new Set(['iam.amazonaws.com', 'signin.amazonaws.com'])
const VERBS: [RegExp, number][] = [
  [/^(?:Batch)?(?:Create|Run|Add|Put|Register|Allocate|Request|Import|Issue|Start|Publish|Upload|Purchase)/, 1],
  [/^(?:Batch)?(?:Get|List|Describe|Lookup|Search|Head|Query|Scan|Select|View|Check|Download|Read|Discover|Simulate|Generate|Test|Validate|Decrypt|Verify|Filter|Export|Poll|Receive)/, 2],
  [/^(?:Batch)?(?:Delete|Terminate|Remove|Deregister|Release|Revoke|Purge|Destroy|Schedule.*Deletion)/, 4],
  [/^(?:Batch)?(?:Update|Modify|Set|Change|Enable|Disable|Attach|Detach|Associate|Disassociate|Authorize|Tag|Untag|Reset|Replace|Restore|Stop|Reboot|Rotate|Cancel|Assign|Unassign|Copy|Move|Apply|Accept|Reject|Activate|Deactivate|Encrypt|ReEncrypt|Confirm|Transfer|Merge|Complete)/, 3],
]

function typeOf(record: Bag): number {
  const name = record['eventName'] as string
  const named = IAM_SOURCES.has(record['eventSource'] as string) ? NAMED[name] : undefined
  if (named !== undefined) return named
  for (const [pattern, activity] of VERBS) if (pattern.test(name)) return 600300 + activity
  return 600399
}

type Identity = { name: string | null; uid: string | null; type: string | null; account: string | null; key: string | null }

function identityOf(record: Bag): Identity {
  const identity = record['userIdentity']
  if (!isBag(identity)) return { name: null, uid: null, type: null, account: null, key: null }
  const context = isBag(identity['sessionContext']) ? identity['sessionContext'] : {}
  const issuer = isBag(context['sessionIssuer']) ? context['sessionIssuer'] : {}
  const arn = text(identity['arn'])
  const type = text(identity['type'])
  return {
    // Whom people search for: the user, or the session of a role; for a service its name.
    name: text(identity['userName']) ?? (type === 'Root' ? 'root' : null) ?? (arn !== null && arn.includes('/') ? arn.slice(arn.lastIndexOf('/') + 1) : null) ?? text(issuer['userName']) ?? text(identity['invokedBy']),
    uid: arn ?? text(identity['principalId']), type, account: text(identity['accountId']), key: text(identity['accessKeyId']),
  }
}

function requestedUser(record: Bag): string | null {
  const request = record['requestParameters']
  return isBag(request) ? text(request['userName']) ?? text(request['roleName']) : null
}

function columnUser(record: Bag, classUid: number): string | null {
  const identity = identityOf(record)
  return (classUid === 3001 ? requestedUser(record) : null) ?? identity.name ?? identity.uid
}

function failed(record: Bag): boolean {
  if (text(record['errorCode']) !== null || text(record['errorMessage']) !== null) return true
  const response = record['responseElements']
  return isBag(response) && response['ConsoleLogin'] === 'Failure'
}

export function cloudTrailColumns(record: Bag): Columns {
  const type = typeOf(record)
  const class_uid = Math.trunc(type / 100)
  const name = record['eventName'] as string
  const user = columnUser(record, class_uid)
  const src_ip = ip(record['sourceIPAddress'])
  return {
    time: parseTime(record['eventTime']), class_uid, activity_id: type % 100, severity_id: 1,
    host: null, user, process: null, process_id: null, parent_process: null, command_line: null,
    src_ip, src_port: null, dst_ip: null, dst_port: null, hash: null, event_code: name, log_source: 'aws//cloudtrail', shape: 'cloudtrail',
    message: oneLine(`${name} ${(record['eventSource'] as string).replace('.amazonaws.com', '')}`, `${user ?? '?'}${src_ip === null ? '' : ` from ${src_ip}`}${failed(record) ? ` (${text(record['errorCode']) ?? 'failed'})` : ''}`),
  }
}

/** The record itself: rules name its keys, nested ones with dots (`fieldOf`). */
export function cloudTrailFields(record: Bag): Fields {
  const fields = Object.create(null) as Fields
  for (const key of Object.keys(record)) fields[key] = record[key]
  return fields
}

const MAPPED = new Set([
  'eventVersion', 'userIdentity', 'eventTime', 'eventSource', 'eventName', 'awsRegion', 'sourceIPAddress', 'userAgent', 'requestID', 'eventID', 'errorCode', 'errorMessage', 'eventCategory', 'requestParameters', 'responseElements', 'eventType',
])

export function cloudTrailOcsf(record: Bag, columns: Columns): Bag {
  const identity = identityOf(record)
  const context = isBag(record['userIdentity']) && isBag(record['userIdentity']['sessionContext']) ? record['userIdentity']['sessionContext'] : {}
  const attributes = isBag(context['attributes']) ? context['attributes'] : {}
  const issuer = isBag(context['sessionIssuer']) ? context['sessionIssuer'] : {}
  const extra = isBag(record['additionalEventData']) ? record['additionalEventData'] : {}
  const left: Bag = {}
  for (const key of Object.keys(record)) if (!MAPPED.has(key)) left[key] = record[key]
  const principal = isBag(record['userIdentity']) ? text(record['userIdentity']['principalId']) : null
  const user = present({
    name: identity.name, uid: identity.uid, uid_alt: principal === identity.uid ? null : principal, type: identity.type, credential_uid: identity.key,
    account: identity.account === null ? null : { uid: identity.account, type: 'AWS Account', type_id: 10 },
  })
  const session = present({
    created_time: parseTime(attributes['creationDate']), is_mfa: attributes['mfaAuthenticated'] === undefined ? null : attributes['mfaAuthenticated'] === true || attributes['mfaAuthenticated'] === 'true', issuer: text(issuer['arn']),
  })
  const address = text(record['sourceIPAddress'])
  const request = record['requestParameters']
  const response = record['responseElements']
  const api = {
    operation: record['eventName'], version: undefined, service: { name: record['eventSource'] },
    request: present({ uid: text(record['requestID']) ?? text(record['eventID']) ?? 'unknown', data: isBag(request) ? request : null }),
    response: present({ error: text(record['errorCode']), error_message: text(record['errorMessage']), data: isBag(response) ? response : null }),
  }
  const body: Bag = {
    actor: present({ user, session, invoked_by: isBag(record['userIdentity']) ? text(record['userIdentity']['invokedBy']) : null }) ?? { app_name: 'AWS' },
    cloud: present({ provider: 'AWS', region: text(record['awsRegion']), account: text(record['recipientAccountId']) === null ? null : { uid: text(record['recipientAccountId']) } }),
    api: present(api),
    src_endpoint: columns.src_ip === null ? { domain: address ?? undefined, svc_name: address ?? 'AWS' } : { ip: columns.src_ip },
    http_request: present({ user_agent: text(record['userAgent']) }),
  }
  switch (columns.class_uid) {
    case 3001: {
      const created = isBag(response) && isBag(response['user']) ? response['user'] : {}
      body['user'] = present({ name: columns.user, uid: text(created['arn']), uid_alt: text(created['userId']) }) ?? user ?? { name: 'unknown' }
      break
    }
    case 3002:
      body['user'] = user ?? { name: columns.user ?? 'unknown' }
      body['is_mfa'] = extra['MFAUsed'] === undefined ? null : extra['MFAUsed'] === 'Yes'
      body['dst_endpoint'] = { svc_name: text(extra['LoginTo']) ?? record['eventSource'] }
      break
    case 3006: {
      const name = isBag(request) ? text(request['groupName']) : null
      const member = requestedUser(record)
      body['group'] = { name: name ?? 'unknown' }
      body['user'] = member === null ? null : { name: member }
      break
    }
    default: break
  }
  return event(columns, {
    product: { name: 'CloudTrail', vendor_name: 'AWS', version: text(record['eventVersion']) ?? undefined, feature: { name: text(record['eventCategory']) ?? 'Management' } },
    metadata: { uid: text(record['eventID']) ?? undefined, profiles: ['cloud'], log_name: text(record['eventType']) ?? undefined, original_time: text(record['eventTime']) ?? undefined },
    status: failed(record) ? 2 : 1, statusCode: text(record['errorCode']), statusDetail: text(record['errorMessage']), unmapped: present(left),
  }, body)
}
