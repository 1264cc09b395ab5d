// What ATT&CK's techniques and tactics are called, and what an incident of each is called. Invariant: every technique of our own rules and of the pinned public
// ones has a row with all its parts. Held by titles.test.ts. Ids and English names: MITRE ATT&CK Enterprise 19 (a few of 18 that older rules still carry),
// © The MITRE Corporation, reproduced and distributed with the permission of The MITRE Corporation; Korean names and all phrases are our own.
type Language = 'en' | 'ko'

/** The tactics of ATT&CK 19 by what a reader should hear first of several: what is worst and latest in an attack has the highest rank. */
const TACTICS: Readonly<Record<string, { en: string; ko: string; rank: number; phrase: { en: string; ko: string } }>> = {
  'reconnaissance': { en: 'Reconnaissance', ko: '정찰', rank: 1, phrase: { en: 'Reconnaissance', ko: '정찰 활동' } },
  'resource-development': { en: 'Resource Development', ko: '자원 개발', rank: 0, phrase: { en: 'Attack tools', ko: '공격 도구' } },
  'initial-access': { en: 'Initial Access', ko: '초기 접근', rank: 3, phrase: { en: 'Break-in', ko: '침입 시도' } },
  'execution': { en: 'Execution', ko: '실행', rank: 4, phrase: { en: 'Suspicious program', ko: '의심스러운 프로그램 실행' } },
  'persistence': { en: 'Persistence', ko: '지속성 확보', rank: 8, phrase: { en: 'Foothold planted', ko: '지속성 확보' } },
  'privilege-escalation': { en: 'Privilege Escalation', ko: '권한 상승', rank: 9, phrase: { en: 'Privileges raised', ko: '권한 상승' } },
  'stealth': { en: 'Stealth', ko: '은폐', rank: 5, phrase: { en: 'Hidden activity', ko: '은폐 활동' } },
  'defense-impairment': { en: 'Defense Impairment', ko: '방어 무력화', rank: 7, phrase: { en: 'Defences impaired', ko: '방어 무력화' } },
  // ATT&CK 18; split in two by 19.
  'defense-evasion': { en: 'Defense Evasion', ko: '방어 회피', rank: 5, phrase: { en: 'Defences evaded', ko: '방어 회피' } },
  'credential-access': { en: 'Credential Access', ko: '자격 증명 접근', rank: 12, phrase: { en: 'Credentials stolen', ko: '자격 증명 탈취' } },
  'discovery': { en: 'Discovery', ko: '탐색', rank: 2, phrase: { en: 'Surroundings surveyed', ko: '내부 탐색' } },
  'lateral-movement': { en: 'Lateral Movement', ko: '내부 이동', rank: 11, phrase: { en: 'Lateral movement', ko: '내부 이동' } },
  'collection': { en: 'Collection', ko: '수집', rank: 6, phrase: { en: 'Data collected', ko: '데이터 수집' } },
  'command-and-control': { en: 'Command and Control', ko: '명령 및 제어(C2)', rank: 10, phrase: { en: 'Command and control', ko: 'C2 통신' } },
  'exfiltration': { en: 'Exfiltration', ko: '유출', rank: 13, phrase: { en: 'Data sent out', ko: '데이터 유출' } },
  'impact': { en: 'Impact', ko: '피해', rank: 14, phrase: { en: 'Damage', ko: '피해 발생' } },
}

const CODES: Readonly<Record<string, string>> = {
  RC: 'reconnaissance', RD: 'resource-development', IA: 'initial-access', EX: 'execution', PE: 'persistence', PR: 'privilege-escalation', ST: 'stealth', DI: 'defense-impairment', CA: 'credential-access',
  DS: 'discovery', LM: 'lateral-movement', CO: 'collection', C2: 'command-and-control', XF: 'exfiltration', IM: 'impact',
}

export type Technique = { readonly id: string; /** The tactic that it tells most of, of those it has. */ readonly tactic: string; readonly name: { en: string; ko: string }; readonly phrase: { en: string; ko: string } }

/** A name as the reader's language has it; an id that is not known is its own name. */
export const techniqueName = (id: string, language: Language): string => BY_ID.get(id.toUpperCase())?.name[language] ?? id

/** `credential-access` → `Credential Access`, `자격 증명 접근`. Underscores do as hyphens; an unknown one is its own name. */
export const tacticName = (id: string, language: Language): string => tacticOf(id)?.[language] ?? id

export const tacticPhrase = (id: string): { en: string; ko: string } | null => tacticOf(id)?.phrase ?? null
/** 0 to 14, -1 for what is no tactic: the higher, the more it is what the reader should hear. */
export const tacticRank = (id: string): number => tacticOf(id)?.rank ?? -1
const tacticOf = (id: string) => {
  const name = id.toLowerCase().replaceAll('_', '-')
  return Object.hasOwn(TACTICS, name) ? TACTICS[name] : undefined
}

/** The technique; of a sub-technique that is not known its parent. */
export const techniqueOf = (id: string): Technique | null => BY_ID.get(id.toUpperCase()) ?? BY_ID.get(id.toUpperCase().slice(0, 5)) ?? null

// id | tactic | name | Korean name | phrase | Korean phrase
const TABLE = `
T1001.003|C2|Protocol or Service Impersonation|프로토콜·서비스 위장|Command traffic disguised as another protocol|다른 프로토콜로 위장한 C2 통신
T1003.001|CA|LSASS Memory|LSASS 메모리|Credential dumping from LSASS|LSASS 자격 증명 덤프
T1003.002|CA|Security Account Manager|SAM(보안 계정 관리자)|Password hashes taken from the SAM hive|SAM 하이브 암호 해시 탈취
T1003.003|CA|NTDS|NTDS|Domain password database copied|도메인 암호 데이터베이스(NTDS) 복사
T1003.004|CA|LSA Secrets|LSA 비밀|LSA secrets dumped|LSA 비밀 덤프
T1003.005|CA|Cached Domain Credentials|캐시된 도메인 자격 증명|Cached domain credentials dumped|캐시된 도메인 자격 증명 덤프
T1003.006|CA|DCSync|DCSync|Domain credentials replicated by DCSync|DCSync 도메인 자격 증명 복제
T1003.007|CA|Proc Filesystem|Proc 파일 시스템|Credentials read from process memory|프로세스 메모리 자격 증명 탈취
T1003.008|CA|/etc/passwd and /etc/shadow|/etc/passwd 및 /etc/shadow|Password hashes read from /etc/shadow|/etc/shadow 암호 해시 탈취
T1003|CA|OS Credential Dumping|OS 자격 증명 덤프|Credential dumping|자격 증명 덤프
T1005|CO|Data from Local System|로컬 시스템 데이터|Files collected from the host|호스트 파일 수집
T1006|ST|Direct Volume Access|볼륨 직접 접근|Raw disk read past file protection|파일 보호를 우회한 디스크 직접 읽기
T1007|DS|System Service Discovery|시스템 서비스 탐색|Services surveyed|서비스 탐색
T1008|C2|Fallback Channels|예비 채널|Fallback command channel|예비 C2 채널
T1010|DS|Application Window Discovery|애플리케이션 창 탐색|Open windows surveyed|열린 창 탐색
T1012|DS|Query Registry|레지스트리 조회|Registry searched for secrets and settings|레지스트리 정보 탐색
T1014|ST|Rootkit|루트킷|Rootkit installed|루트킷 설치
T1016|DS|System Network Configuration Discovery|네트워크 구성 탐색|Network configuration surveyed|네트워크 구성 탐색
T1018|DS|Remote System Discovery|원격 시스템 탐색|Other hosts surveyed|원격 호스트 탐색
T1020|XF|Automated Exfiltration|자동 유출|Data sent out automatically|자동 데이터 유출
T1021.001|LM|Remote Desktop Protocol|RDP(원격 데스크톱)|Lateral movement over RDP|RDP를 통한 내부 이동
T1021.002|LM|SMB/Windows Admin Shares|SMB/Windows 관리 공유|Lateral movement over SMB admin shares|SMB 관리 공유를 통한 내부 이동
T1021.003|LM|Distributed Component Object Model|DCOM|Lateral movement over DCOM|DCOM을 통한 내부 이동
T1021.004|LM|SSH|SSH|Lateral movement over SSH|SSH를 통한 내부 이동
T1021.005|LM|VNC|VNC|Lateral movement over VNC|VNC를 통한 내부 이동
T1021.006|LM|Windows Remote Management|WinRM(Windows 원격 관리)|Lateral movement over WinRM|WinRM을 통한 내부 이동
T1021.007|LM|Cloud Services|클라우드 서비스|Lateral movement through cloud services|클라우드 서비스를 통한 내부 이동
T1021.008|LM|Direct Cloud VM Connections|클라우드 VM 직접 연결|Direct connection to a cloud machine|클라우드 VM 직접 접속
T1021|LM|Remote Services|원격 서비스|Lateral movement over remote services|원격 서비스를 통한 내부 이동
T1027.001|ST|Binary Padding|바이너리 패딩|Padded program that evades scanners|검사를 피하는 패딩된 프로그램
T1027.002|ST|Software Packing|소프트웨어 패킹|Packed program run|패킹된 프로그램 실행
T1027.003|ST|Steganography|스테가노그래피|Code hidden in pictures|이미지에 숨긴 코드
T1027.004|ST|Compile After Delivery|전달 후 컴파일|Code compiled on the host|호스트에서 코드 컴파일
T1027.005|ST|Indicator Removal from Tools|도구의 지표 제거|Tool altered to evade detection|탐지를 피하도록 변조된 도구
T1027.009|ST|Embedded Payloads|내장 페이로드|Payload hidden in another file|다른 파일에 숨긴 페이로드
T1027.010|ST|Command Obfuscation|명령 난독화|Obfuscated command run|난독화된 명령 실행
T1027.011|ST|Fileless Storage|파일 없는 저장|Payload kept without a file|파일 없이 저장된 페이로드
T1027|ST|Obfuscated Files or Information|난독화된 파일·정보|Obfuscated code run|난독화된 코드 실행
T1029|XF|Scheduled Transfer|예약 전송|Scheduled data transfer out|예약된 데이터 유출
T1030|XF|Data Transfer Size Limits|전송 크기 제한|Data sent out in small pieces|분할 데이터 유출
T1033|DS|System Owner/User Discovery|사용자 탐색|Users surveyed|사용자 탐색
T1036.002|ST|Right-to-Left Override|RLO(오른쪽에서 왼쪽) 문자 위장|File name disguised by text direction|RLO 문자로 위장한 파일 이름
T1036.003|ST|Rename Legitimate Utilities|정상 유틸리티 이름 변경|Renamed system tool run|이름을 바꾼 시스템 도구 실행
T1036.004|ST|Masquerade Task or Service|작업·서비스 위장|Task or service under a false name|이름을 위장한 작업·서비스
T1036.005|ST|Match Legitimate Resource Name or Location|정상 이름·경로 모방|Program posing as a system file|시스템 파일로 위장한 프로그램
T1036.006|ST|Space after Filename|파일 이름 뒤 공백|File name disguised by a space|공백으로 위장한 파일 이름
T1036.007|ST|Double File Extension|이중 확장자|Program with a double extension|이중 확장자 프로그램
T1036.008|ST|Masquerade File Type|파일 형식 위장|File of a disguised type|형식을 위장한 파일
T1036|ST|Masquerading|위장|Program under a false name|이름을 위장한 프로그램
T1037.001|PE|Logon Script (Windows)|로그온 스크립트(Windows)|Logon script planted|의심스러운 로그온 스크립트 등록
T1037.005|PE|Startup Items|시작 항목|Start-up item planted|의심스러운 시작 항목 등록
T1037|PE|Boot or Logon Initialization Scripts|부팅·로그온 초기화 스크립트|Start-up script planted|의심스러운 시작 스크립트 등록
T1039|CO|Data from Network Shared Drive|공유 드라이브 데이터|Files collected from network shares|공유 폴더 파일 수집
T1040|CA|Network Sniffing|네트워크 스니핑|Network traffic captured|네트워크 트래픽 도청
T1041|XF|Exfiltration Over C2 Channel|C2 채널 유출|Data sent out over the command channel|C2 채널 데이터 유출
T1046|DS|Network Service Discovery|네트워크 서비스 탐색|Network scanned|네트워크 스캔
T1047|EX|Windows Management Instrumentation|WMI|Code run through WMI|WMI를 통한 코드 실행
T1048.001|XF|Exfiltration Over Symmetric Encrypted Non-C2 Protocol|대칭 암호화 프로토콜 유출|Encrypted data sent out|암호화된 데이터 유출
T1048.003|XF|Exfiltration Over Unencrypted Non-C2 Protocol|비암호화 프로토콜 유출|Data sent out unencrypted|비암호화 데이터 유출
T1048|XF|Exfiltration Over Alternative Protocol|대체 프로토콜 유출|Data sent out over an unusual protocol|대체 프로토콜 데이터 유출
T1049|DS|System Network Connections Discovery|네트워크 연결 탐색|Network connections surveyed|네트워크 연결 탐색
T1053.002|PE|At|At|Job planted with at|의심스러운 at 예약 작업 등록
T1053.003|PE|Cron|Cron|Cron job planted|의심스러운 cron 작업 등록
T1053.005|PE|Scheduled Task|예약 작업|Scheduled task planted|의심스러운 예약 작업 등록
T1053.006|PE|Systemd Timers|Systemd 타이머|Systemd timer planted|의심스러운 systemd 타이머 등록
T1053|PE|Scheduled Task/Job|예약 작업|Scheduled task planted|의심스러운 예약 작업 등록
T1055.001|PR|Dynamic-link Library Injection|DLL 인젝션|Library injected into another process|다른 프로세스 DLL 인젝션
T1055.002|PR|Portable Executable Injection|PE 인젝션|Program injected into another process|다른 프로세스 PE 인젝션
T1055.003|PR|Thread Execution Hijacking|스레드 실행 하이재킹|Thread of another process hijacked|다른 프로세스의 스레드 하이재킹
T1055.009|PR|Proc Memory|Proc 메모리|Code injected through /proc memory|/proc 메모리를 통한 코드 인젝션
T1055.011|PR|Extra Window Memory Injection|EWM 인젝션|Code injected through window memory|창 메모리를 통한 코드 인젝션
T1055.012|PR|Process Hollowing|프로세스 할로잉|Process hollowed out for other code|프로세스 할로잉
T1055|PR|Process Injection|프로세스 인젝션|Code injected into another process|다른 프로세스 코드 인젝션
T1056.001|CA|Keylogging|키로깅|Keystrokes recorded|키 입력 기록
T1056.002|CA|GUI Input Capture|GUI 입력 캡처|Password asked by a false dialog|가짜 대화 상자로 암호 탈취
T1056|CA|Input Capture|입력 캡처|User input captured|사용자 입력 캡처
T1057|DS|Process Discovery|프로세스 탐색|Processes surveyed|프로세스 탐색
T1059.001|EX|PowerShell|PowerShell|Suspicious PowerShell|의심스러운 PowerShell 실행
T1059.002|EX|AppleScript|AppleScript|Suspicious AppleScript|의심스러운 AppleScript 실행
T1059.003|EX|Windows Command Shell|Windows 명령 셸|Suspicious Windows command|의심스러운 Windows 명령 실행
T1059.004|EX|Unix Shell|Unix 셸|Suspicious shell command|의심스러운 셸 명령 실행
T1059.005|EX|Visual Basic|Visual Basic|Suspicious Visual Basic script|의심스러운 Visual Basic 스크립트
T1059.006|EX|Python|Python|Suspicious Python code|의심스러운 Python 코드 실행
T1059.007|EX|JavaScript|JavaScript|Suspicious script run by the script host|의심스러운 JavaScript 실행
T1059.009|EX|Cloud API|클라우드 API|Suspicious cloud API calls|의심스러운 클라우드 API 호출
T1059.012|EX|Hypervisor CLI|하이퍼바이저 CLI|Suspicious hypervisor command|의심스러운 하이퍼바이저 명령
T1059|EX|Command and Scripting Interpreter|명령·스크립트 인터프리터|Suspicious command run|의심스러운 명령 실행
T1068|PR|Exploitation for Privilege Escalation|권한 상승 취약점 악용|Exploit used to raise privileges|취약점 악용 권한 상승
T1069.001|DS|Local Groups|로컬 그룹|Local groups surveyed|로컬 그룹 탐색
T1069.002|DS|Domain Groups|도메인 그룹|Domain groups surveyed|도메인 그룹 탐색
T1069.003|DS|Cloud Groups|클라우드 그룹|Cloud groups surveyed|클라우드 그룹 탐색
T1069|DS|Permission Groups Discovery|권한 그룹 탐색|Groups surveyed|그룹 탐색
T1070.001|DI|Clear Windows Event Logs|Windows 이벤트 로그 삭제|Windows event log cleared|Windows 이벤트 로그 삭제
T1070.002|DI|Clear Linux or Mac System Logs|Linux·Mac 시스템 로그 삭제|System logs cleared|시스템 로그 삭제
T1070.003|ST|Clear Command History|명령 기록 삭제|Command history cleared|명령 기록 삭제
T1070.004|ST|File Deletion|파일 삭제|Files deleted to hide traces|흔적 은폐용 파일 삭제
T1070.005|ST|Network Share Connection Removal|공유 연결 제거|Share connections removed|공유 연결 제거
T1070.006|ST|Timestomp|타임스톰프|File times forged|파일 시각 위조
T1070.008|ST|Clear Mailbox Data|메일함 데이터 삭제|Mailbox traces deleted|메일함 흔적 삭제
T1070|ST|Indicator Removal|흔적 제거|Traces removed|흔적 제거
T1071.001|C2|Web Protocols|웹 프로토콜|Command and control over the web|웹 프로토콜 C2 통신
T1071.004|C2|DNS|DNS|Command and control over DNS|DNS C2 통신
T1071|C2|Application Layer Protocol|애플리케이션 계층 프로토콜|Command and control traffic|C2 통신
T1072|LM|Software Deployment Tools|소프트웨어 배포 도구|Deployment tool abused|배포 도구 악용
T1074.001|CO|Local Data Staging|로컬 데이터 모으기|Data staged on the host|호스트에 유출할 데이터 모으기
T1074|CO|Data Staged|데이터 모으기|Data staged for theft|유출할 데이터 모으기
T1078.001|IA|Default Accounts|기본 계정|Default account used|기본 계정 사용
T1078.002|IA|Domain Accounts|도메인 계정|Suspicious use of a domain account|도메인 계정의 의심스러운 사용
T1078.003|IA|Local Accounts|로컬 계정|Suspicious use of a local account|로컬 계정의 의심스러운 사용
T1078.004|IA|Cloud Accounts|클라우드 계정|Suspicious use of a cloud account|클라우드 계정의 의심스러운 사용
T1078|IA|Valid Accounts|정상 계정|Suspicious use of a valid account|정상 계정의 의심스러운 사용
T1082|DS|System Information Discovery|시스템 정보 탐색|Host surveyed|호스트 정보 탐색
T1083|DS|File and Directory Discovery|파일·디렉터리 탐색|Files surveyed|파일 탐색
T1087.001|DS|Local Account|로컬 계정|Local accounts enumerated|로컬 계정 열거
T1087.002|DS|Domain Account|도메인 계정|Domain accounts enumerated|도메인 계정 열거
T1087.004|DS|Cloud Account|클라우드 계정|Cloud accounts enumerated|클라우드 계정 열거
T1087|DS|Account Discovery|계정 탐색|Accounts enumerated|계정 열거
T1090.001|C2|Internal Proxy|내부 프록시|Traffic relayed through an internal host|내부 호스트를 통한 트래픽 중계
T1090.002|C2|External Proxy|외부 프록시|Traffic relayed through an outside host|외부 호스트를 통한 트래픽 중계
T1090.003|C2|Multi-hop Proxy|다중 홉 프록시|Traffic through an anonymising network|익명 네트워크를 통한 통신
T1090.004|C2|Domain Fronting|도메인 프론팅|Domain fronting|도메인 프론팅
T1090|C2|Proxy|프록시|Traffic relayed through a proxy|프록시를 통한 트래픽 중계
T1091|LM|Replication Through Removable Media|이동식 매체를 통한 복제|Code spread by removable media|이동식 매체를 통한 코드 확산
T1092|C2|Communication Through Removable Media|이동식 매체 통신|Commands carried by removable media|이동식 매체 C2 통신
T1095|C2|Non-Application Layer Protocol|비애플리케이션 계층 프로토콜|Command traffic below the application layer|비애플리케이션 계층 C2 통신
T1098.001|PE|Additional Cloud Credentials|추가 클라우드 자격 증명|New credentials for a cloud account|클라우드 계정 자격 증명 추가
T1098.002|PE|Additional Email Delegate Permissions|추가 메일 위임 권한|Mailbox access delegated|메일함 접근 위임
T1098.003|PE|Additional Cloud Roles|추가 클라우드 역할|Cloud role granted|클라우드 역할 부여
T1098.004|PE|SSH Authorized Keys|SSH 인증 키|SSH key planted|SSH 인증 키 무단 추가
T1098.005|PE|Device Registration|장치 등록|Device registered for an account|계정에 장치 등록
T1098.007|PE|Additional Local or Domain Groups|추가 로컬·도메인 그룹|Account added to a privileged group|특권 그룹에 계정 추가
T1098|PE|Account Manipulation|계정 조작|Account given new powers|계정 권한 조작
T1102.001|C2|Dead Drop Resolver|데드 드롭 리졸버|Commands fetched from a public page|공개 페이지에서 C2 주소 조회
T1102.002|C2|Bidirectional Communication|양방향 통신|Two-way command channel over a web service|웹 서비스 양방향 C2 통신
T1102.003|C2|One-Way Communication|단방향 통신|One-way command channel over a web service|웹 서비스 단방향 C2 통신
T1102|C2|Web Service|웹 서비스|Command and control through a web service|웹 서비스를 이용한 C2 통신
T1104|C2|Multi-Stage Channels|다단계 채널|Multi-stage command channel|다단계 C2 채널
T1105|C2|Ingress Tool Transfer|도구 반입|Tool downloaded|공격 도구 다운로드
T1106|EX|Native API|네이티브 API|Code run through the native API|네이티브 API를 통한 코드 실행
T1110.001|CA|Password Guessing|암호 추측|Password guessing|암호 추측
T1110.002|CA|Password Cracking|암호 크래킹|Password cracking|암호 크래킹
T1110.003|CA|Password Spraying|암호 스프레이|Password spraying|암호 스프레이
T1110.004|CA|Credential Stuffing|크리덴셜 스터핑|Credential stuffing|크리덴셜 스터핑
T1110|CA|Brute Force|무차별 대입|Passwords guessed by brute force|암호 무차별 대입
T1111|CA|Multi-Factor Authentication Interception|다단계 인증 가로채기|Multi-factor code intercepted|다단계 인증 코드 가로채기
T1112|DI|Modify Registry|레지스트리 변경|Suspicious registry change|의심스러운 레지스트리 변경
T1113|CO|Screen Capture|화면 캡처|Screen captured|화면 캡처
T1114.001|CO|Local Email Collection|로컬 이메일 수집|Mail files collected|로컬 메일 파일 수집
T1114.002|CO|Remote Email Collection|원격 이메일 수집|Mailboxes read remotely|원격 메일함 수집
T1114.003|CO|Email Forwarding Rule|이메일 전달 규칙|Mail forwarded outside by a rule|메일 전달 규칙을 통한 유출
T1114|CO|Email Collection|이메일 수집|Mail collected|이메일 수집
T1115|CO|Clipboard Data|클립보드 데이터|Clipboard read|클립보드 수집
T1119|CO|Automated Collection|자동 수집|Files collected automatically|자동 파일 수집
T1120|DS|Peripheral Device Discovery|주변 장치 탐색|Devices surveyed|주변 장치 탐색
T1123|CO|Audio Capture|음성 캡처|Microphone recorded|마이크 녹음
T1124|DS|System Time Discovery|시스템 시간 탐색|System time surveyed|시스템 시간 탐색
T1125|CO|Video Capture|영상 캡처|Camera recorded|카메라 녹화
T1127.001|ST|MSBuild|MSBuild|Code run through MSBuild|MSBuild를 통한 코드 실행
T1127|ST|Trusted Developer Utilities Proxy Execution|신뢰된 개발 도구 프록시 실행|Code run through a developer tool|개발 도구를 통한 코드 실행
T1129|EX|Shared Modules|공유 모듈|Malicious module loaded|악성 모듈 로드
T1132.001|C2|Standard Encoding|표준 인코딩|Encoded command traffic|인코딩된 C2 통신
T1132|C2|Data Encoding|데이터 인코딩|Encoded command traffic|인코딩된 C2 통신
T1133|IA|External Remote Services|외부 원격 서비스|Sign-in through an exposed remote service|외부에 노출된 원격 서비스 접속
T1134.001|PR|Token Impersonation/Theft|토큰 가장·탈취|Access token stolen|액세스 토큰 탈취
T1134.002|PR|Create Process with Token|토큰으로 프로세스 생성|Program started with another's token|타인의 토큰으로 프로그램 실행
T1134.003|PR|Make and Impersonate Token|토큰 생성·가장|Access token forged|액세스 토큰 위조
T1134.004|PR|Parent PID Spoofing|부모 PID 위조|Process under a forged parent|부모 프로세스 위조
T1134.005|PR|SID-History Injection|SID-History 삽입|Privileges injected by SID history|SID-History 권한 삽입
T1134|PR|Access Token Manipulation|액세스 토큰 조작|Access token manipulated|액세스 토큰 조작
T1135|DS|Network Share Discovery|공유 폴더 탐색|Network shares surveyed|공유 폴더 탐색
T1136.001|PE|Local Account|로컬 계정|Local account created|로컬 계정 생성
T1136.002|PE|Domain Account|도메인 계정|Domain account created|도메인 계정 생성
T1136.003|PE|Cloud Account|클라우드 계정|Cloud account created|클라우드 계정 생성
T1136|PE|Create Account|계정 생성|Account created|계정 생성
T1137.002|PE|Office Test|Office Test|Office test key abused|Office Test 키 악용
T1137.003|PE|Outlook Forms|Outlook 양식|Outlook form planted|의심스러운 Outlook 양식 등록
T1137.006|PE|Add-ins|추가 기능|Office add-in planted|의심스러운 Office 추가 기능 등록
T1137|PE|Office Application Startup|Office 시작 시 실행|Office start-up abused|Office 시작 기능 악용
T1140|ST|Deobfuscate/Decode Files or Information|난독화 해제·디코딩|Hidden payload decoded|숨긴 페이로드 디코딩
T1176.001|PE|Browser Extensions|브라우저 확장|Browser extension planted|의심스러운 브라우저 확장 등록
T1176|PE|Software Extensions|소프트웨어 확장|Software extension planted|의심스러운 소프트웨어 확장 등록
T1185|CO|Browser Session Hijacking|브라우저 세션 하이재킹|Browser session hijacked|브라우저 세션 하이재킹
T1187|CA|Forced Authentication|강제 인증|Host forced to authenticate|강제 인증 유도
T1189|IA|Drive-by Compromise|드라이브 바이 침해|Infection by a visited site|방문 사이트를 통한 감염
T1190|IA|Exploit Public-Facing Application|공개 애플리케이션 취약점 악용|Public application attacked|공개 애플리케이션 공격
T1195.001|IA|Compromise Software Dependencies and Development Tools|소프트웨어 의존성·개발 도구 침해|Malicious software dependency|악성 소프트웨어 의존성
T1195.002|IA|Compromise Software Supply Chain|소프트웨어 공급망 침해|Software supply chain compromise|소프트웨어 공급망 침해
T1195|IA|Supply Chain Compromise|공급망 침해|Supply chain compromise|공급망 침해
T1197|ST|BITS Jobs|BITS 작업|BITS job abused|BITS 작업 악용
T1199|IA|Trusted Relationship|신뢰 관계|Partner's access abused|협력사 접근 권한 악용
T1200|IA|Hardware Additions|하드웨어 추가|Unknown hardware attached|미확인 하드웨어 연결
T1201|DS|Password Policy Discovery|암호 정책 탐색|Password policy surveyed|암호 정책 탐색
T1202|ST|Indirect Command Execution|간접 명령 실행|Command run through another program|다른 프로그램을 통한 명령 실행
T1203|EX|Exploitation for Client Execution|클라이언트 취약점 악용 실행|Client program exploited|클라이언트 프로그램 취약점 악용
T1204.001|EX|Malicious Link|악성 링크|Malicious link opened|악성 링크 열람
T1204.002|EX|Malicious File|악성 파일|Malicious file opened|악성 파일 실행
T1204.004|EX|Malicious Copy and Paste|악성 복사·붙여넣기|Pasted malicious command run|붙여넣은 악성 명령 실행
T1204|EX|User Execution|사용자 실행|Malicious content opened by a user|사용자의 악성 콘텐츠 실행
T1205|C2|Traffic Signaling|트래픽 신호|Hidden port opened by a signal|신호로 열리는 숨은 포트
T1207|DI|Rogue Domain Controller|불법 도메인 컨트롤러|Rogue domain controller registered|불법 도메인 컨트롤러 등록
T1210|LM|Exploitation of Remote Services|원격 서비스 취약점 악용|Remote service exploited|원격 서비스 취약점 악용
T1211|ST|Exploitation for Stealth|은폐를 위한 취약점 악용|Protection evaded by an exploit|취약점 악용 보호 기능 우회
T1212|CA|Exploitation for Credential Access|자격 증명 취약점 악용|Credentials taken by an exploit|취약점 악용 자격 증명 탈취
T1213.003|CO|Code Repositories|코드 저장소|Code collected from repositories|코드 저장소 데이터 수집
T1213|CO|Data from Information Repositories|정보 저장소 데이터|Data collected from repositories|정보 저장소 데이터 수집
T1216.001|ST|PubPrn|PubPrn|Code run through PubPrn|PubPrn을 통한 코드 실행
T1216|ST|System Script Proxy Execution|시스템 스크립트 프록시 실행|Code run through a system script|시스템 스크립트를 통한 코드 실행
T1217|DS|Browser Information Discovery|브라우저 정보 탐색|Browser data surveyed|브라우저 정보 탐색
T1218.001|ST|Compiled HTML File|컴파일된 HTML 파일|Code run from a help file|도움말 파일을 통한 코드 실행
T1218.002|ST|Control Panel|제어판|Code run through the Control Panel|제어판을 통한 코드 실행
T1218.003|ST|CMSTP|CMSTP|Code run through CMSTP|CMSTP를 통한 코드 실행
T1218.004|ST|InstallUtil|InstallUtil|Code run through InstallUtil|InstallUtil을 통한 코드 실행
T1218.005|ST|Mshta|Mshta|Code run through mshta|mshta를 통한 코드 실행
T1218.007|ST|Msiexec|Msiexec|Code run through msiexec|msiexec를 통한 코드 실행
T1218.008|ST|Odbcconf|Odbcconf|Code run through odbcconf|odbcconf를 통한 코드 실행
T1218.009|ST|Regsvcs/Regasm|Regsvcs/Regasm|Code run through regasm|regasm을 통한 코드 실행
T1218.010|ST|Regsvr32|Regsvr32|Code run through regsvr32|regsvr32를 통한 코드 실행
T1218.011|ST|Rundll32|Rundll32|Code run through rundll32|rundll32를 통한 코드 실행
T1218.012|ST|Verclsid|Verclsid|Code run through verclsid|verclsid를 통한 코드 실행
T1218.013|ST|Mavinject|Mavinject|Code injected with mavinject|mavinject를 통한 코드 인젝션
T1218.014|ST|MMC|MMC|Code run through the management console|MMC를 통한 코드 실행
T1218|ST|System Binary Proxy Execution|시스템 바이너리 프록시 실행|Code run through a system program|시스템 프로그램을 통한 코드 실행
T1219.002|C2|Remote Desktop Software|원격 데스크톱 소프트웨어|Remote desktop software used|원격 데스크톱 소프트웨어 사용
T1219|C2|Remote Access Tools|원격 접근 도구|Remote access tool used|원격 접근 도구 사용
T1220|ST|XSL Script Processing|XSL 스크립트 처리|Code run from an XSL sheet|XSL 스크립트를 통한 코드 실행
T1221|ST|Template Injection|템플릿 인젝션|Code pulled in by a document template|문서 템플릿을 통한 코드 유입
T1222.001|DI|Windows Permissions|Windows 권한|File permissions weakened|Windows 파일 권한 약화
T1222.002|DI|Linux and Mac Permissions|Linux·Mac 권한|File permissions weakened|Linux·Mac 파일 권한 약화
T1222|DI|File and Directory Permissions Modification|파일·디렉터리 권한 변경|File permissions weakened|파일 권한 약화
T1482|DS|Domain Trust Discovery|도메인 신뢰 탐색|Domain trusts surveyed|도메인 신뢰 관계 탐색
T1484.001|PR|Group Policy Modification|그룹 정책 변경|Group policy changed|그룹 정책 변경
T1484.002|PR|Trust Modification|신뢰 관계 변경|Domain trust changed|도메인 신뢰 관계 변경
T1484|PR|Domain or Tenant Policy Modification|도메인·테넌트 정책 변경|Domain policy changed|도메인 정책 변경
T1485|IM|Data Destruction|데이터 파괴|Data destroyed|데이터 파괴
T1486|IM|Data Encrypted for Impact|데이터 암호화|Files encrypted by ransomware|랜섬웨어 파일 암호화
T1489|IM|Service Stop|서비스 중지|Services stopped|서비스 중지
T1490|IM|Inhibit System Recovery|시스템 복구 방해|Backups and recovery destroyed|백업·복구 수단 파괴
T1491.001|IM|Internal Defacement|내부 변조|Ransom note or defacement|협박문·내부 콘텐츠 변조
T1491|IM|Defacement|변조|Content defaced|콘텐츠 변조
T1495|IM|Firmware Corruption|펌웨어 손상|Firmware corrupted|펌웨어 손상
T1496.001|IM|Compute Hijacking|컴퓨팅 자원 탈취|Resources hijacked for mining|채굴용 자원 탈취
T1496|IM|Resource Hijacking|자원 탈취|Resources hijacked for mining|채굴용 자원 탈취
T1497.001|ST|System Checks|시스템 점검|Sandbox looked for|샌드박스 여부 점검
T1497|ST|Virtualization/Sandbox Evasion|가상화·샌드박스 회피|Sandbox evaded|샌드박스 회피
T1498|IM|Network Denial of Service|네트워크 서비스 거부|Network denial of service|네트워크 서비스 거부 공격
T1499.001|IM|OS Exhaustion Flood|OS 자원 고갈|Host exhausted by a flood|OS 자원 고갈 공격
T1499.004|IM|Application or System Exploitation|애플리케이션·시스템 취약점 악용|Service crashed by an exploit|취약점 악용 서비스 중단
T1499|IM|Endpoint Denial of Service|엔드포인트 서비스 거부|Denial of service|서비스 거부 공격
T1505.001|PE|SQL Stored Procedures|SQL 저장 프로시저|Database procedure runs commands|데이터베이스 프로시저를 통한 명령 실행
T1505.002|PE|Transport Agent|전송 에이전트|Mail transport agent planted|의심스러운 메일 전송 에이전트 등록
T1505.003|PE|Web Shell|웹 셸|Web shell|웹 셸
T1505.004|PE|IIS Components|IIS 구성 요소|IIS module planted|의심스러운 IIS 모듈 등록
T1505.005|PE|Terminal Services DLL|터미널 서비스 DLL|Terminal services library replaced|터미널 서비스 DLL 교체
T1505|PE|Server Software Component|서버 소프트웨어 구성 요소|Server component planted|의심스러운 서버 구성 요소 등록
T1518.001|DS|Security Software Discovery|보안 소프트웨어 탐색|Security software surveyed|보안 소프트웨어 탐색
T1518|DS|Software Discovery|소프트웨어 탐색|Installed software surveyed|설치된 소프트웨어 탐색
T1525|PE|Implant Internal Image|내부 이미지 변조|Machine or container image tampered with|머신·컨테이너 이미지 변조
T1526|DS|Cloud Service Discovery|클라우드 서비스 탐색|Cloud services surveyed|클라우드 서비스 탐색
T1528|CA|Steal Application Access Token|애플리케이션 액세스 토큰 탈취|Application token stolen|애플리케이션 토큰 탈취
T1529|IM|System Shutdown/Reboot|시스템 종료·재부팅|System shut down or restarted|시스템 종료·재부팅
T1530|CO|Data from Cloud Storage|클라우드 저장소 데이터|Cloud storage opened or read|클라우드 저장소 데이터 노출·수집
T1531|IM|Account Access Removal|계정 접근 차단|Accounts locked out|계정 접근 차단
T1534|LM|Internal Spearphishing|내부 스피어피싱|Phishing from inside|내부 발신 피싱
T1535|ST|Unused/Unsupported Cloud Regions|미사용 클라우드 리전|Unused cloud region used|미사용 클라우드 리전 사용
T1537|XF|Transfer Data to Cloud Account|클라우드 계정으로 데이터 전송|Data moved to a foreign cloud account|외부 클라우드 계정으로 데이터 유출
T1538|DS|Cloud Service Dashboard|클라우드 대시보드|Cloud console surveyed|클라우드 콘솔 탐색
T1539|CA|Steal Web Session Cookie|웹 세션 쿠키 탈취|Session cookies stolen|세션 쿠키 탈취
T1542.001|PE|System Firmware|시스템 펌웨어|Firmware tampered with|펌웨어 변조
T1542.003|PE|Bootkit|부트킷|Bootkit installed|부트킷 설치
T1542|PE|Pre-OS Boot|OS 부팅 전 단계|Boot process tampered with|부팅 과정 변조
T1543.001|PE|Launch Agent|Launch Agent|Launch agent planted|의심스러운 Launch Agent 등록
T1543.002|PE|Systemd Service|Systemd 서비스|Systemd service planted|의심스러운 systemd 서비스 등록
T1543.003|PE|Windows Service|Windows 서비스|Windows service planted|의심스러운 Windows 서비스 등록
T1543.004|PE|Launch Daemon|Launch Daemon|Launch daemon planted|의심스러운 Launch Daemon 등록
T1543|PE|Create or Modify System Process|시스템 프로세스 생성·변경|Service planted|의심스러운 서비스 등록
T1546.001|PE|Change Default File Association|기본 파일 연결 변경|File association hijacked|파일 연결 변조
T1546.002|PE|Screensaver|화면 보호기|Screensaver replaced by code|화면 보호기에 코드 삽입
T1546.003|PE|Windows Management Instrumentation Event Subscription|WMI 이벤트 구독|WMI event subscription planted|의심스러운 WMI 이벤트 구독 등록
T1546.004|PE|Unix Shell Configuration Modification|Unix 셸 설정 변경|Shell profile changed to run code|셸 설정에 코드 삽입
T1546.007|PE|Netsh Helper DLL|Netsh 도우미 DLL|Netsh helper library planted|의심스러운 Netsh 도우미 DLL 등록
T1546.008|PE|Accessibility Features|접근성 기능|Backdoor behind the sign-in screen|로그인 화면 접근성 기능 백도어
T1546.009|PE|AppCert DLLs|AppCert DLL|AppCert library planted|의심스러운 AppCert DLL 등록
T1546.010|PE|AppInit DLLs|AppInit DLL|AppInit library planted|의심스러운 AppInit DLL 등록
T1546.011|PE|Application Shimming|애플리케이션 시밍|Application shim planted|의심스러운 애플리케이션 shim 등록
T1546.012|PE|Image File Execution Options Injection|IFEO 삽입|Program start hijacked by IFEO|IFEO를 통한 프로그램 실행 가로채기
T1546.013|PE|PowerShell Profile|PowerShell 프로필|Code planted in the PowerShell profile|PowerShell 프로필에 코드 삽입
T1546.014|PE|Emond|Emond|Emond rule planted|의심스러운 emond 규칙 등록
T1546.015|PE|Component Object Model Hijacking|COM 하이재킹|COM object hijacked|COM 개체 하이재킹
T1546|PE|Event Triggered Execution|이벤트 트리거 실행|Code planted on a system event|시스템 이벤트에 코드 삽입
T1547.001|PE|Registry Run Keys / Startup Folder|레지스트리 Run 키·시작 폴더|Autostart entry planted|의심스러운 자동 시작 항목 등록
T1547.002|PE|Authentication Package|인증 패키지|Authentication package planted|의심스러운 인증 패키지 등록
T1547.003|PE|Time Providers|시간 공급자|Time provider planted|의심스러운 시간 공급자 등록
T1547.004|PE|Winlogon Helper DLL|Winlogon 도우미 DLL|Winlogon helper planted|의심스러운 Winlogon 도우미 등록
T1547.005|PE|Security Support Provider|보안 지원 공급자(SSP)|Security support provider planted|의심스러운 보안 지원 공급자(SSP) 등록
T1547.006|PE|Kernel Modules and Extensions|커널 모듈·확장|Kernel module loaded|커널 모듈 로드
T1547.008|PE|LSASS Driver|LSASS 드라이버|LSASS driver planted|의심스러운 LSASS 드라이버 등록
T1547.009|PE|Shortcut Modification|바로 가기 변경|Shortcut changed to run code|바로 가기에 코드 삽입
T1547.010|PE|Port Monitors|포트 모니터|Port monitor planted|의심스러운 포트 모니터 등록
T1547.014|PE|Active Setup|Active Setup|Active Setup entry planted|의심스러운 Active Setup 항목 등록
T1547.015|PE|Login Items|로그인 항목|Login item planted|의심스러운 로그인 항목 등록
T1547|PE|Boot or Logon Autostart Execution|부팅·로그온 자동 시작|Autostart entry planted|의심스러운 자동 시작 항목 등록
T1548.001|PR|Setuid and Setgid|Setuid 및 Setgid|Privileges raised by a setuid program|setuid 권한 상승
T1548.002|PR|Bypass User Account Control|UAC(사용자 계정 컨트롤) 우회|User Account Control bypassed|UAC 우회
T1548.003|PR|Sudo and Sudo Caching|Sudo 및 Sudo 캐시|Privileges raised by sudo|sudo 권한 상승
T1548|PR|Abuse Elevation Control Mechanism|권한 상승 통제 우회|Privilege control bypassed|권한 통제 우회
T1550.001|LM|Application Access Token|애플리케이션 액세스 토큰|Stolen application token used|탈취한 애플리케이션 토큰 사용
T1550.002|LM|Pass the Hash|Pass the Hash|Pass-the-hash sign-in|Pass the Hash 로그인
T1550.003|LM|Pass the Ticket|Pass the Ticket|Kerberos ticket injected|Kerberos 티켓 주입
T1550|LM|Use Alternate Authentication Material|대체 인증 수단 사용|Stolen authentication material used|탈취한 인증 수단 사용
T1552.001|CA|Credentials In Files|파일 내 자격 증명|Credentials searched in files|파일 내 자격 증명 탐색
T1552.002|CA|Credentials in Registry|레지스트리 내 자격 증명|Credentials searched in the registry|레지스트리 내 자격 증명 탐색
T1552.003|CA|Shell History|셸 기록|Credentials searched in shell history|셸 기록 내 자격 증명 탐색
T1552.004|CA|Private Keys|개인 키|Private keys taken|개인 키 탈취
T1552.005|CA|Cloud Instance Metadata API|클라우드 인스턴스 메타데이터 API|Cloud credentials taken from the metadata service|메타데이터 서비스 클라우드 자격 증명 탈취
T1552.006|CA|Group Policy Preferences|그룹 정책 기본 설정|Passwords taken from group policy|그룹 정책 암호 탈취
T1552.007|CA|Container API|컨테이너 API|Container secrets taken|컨테이너 비밀 정보 탈취
T1552|CA|Unsecured Credentials|보호되지 않은 자격 증명|Unsecured credentials searched|보호되지 않은 자격 증명 탐색
T1553.001|DI|Gatekeeper Bypass|Gatekeeper 우회|Gatekeeper bypassed|Gatekeeper 우회
T1553.002|DI|Code Signing|코드 서명|Code signing abused|코드 서명 악용
T1553.003|DI|SIP and Trust Provider Hijacking|SIP·신뢰 공급자 하이재킹|Signature checks hijacked|서명 검증 하이재킹
T1553.004|DI|Install Root Certificate|루트 인증서 설치|Root certificate installed|루트 인증서 설치
T1553.005|DI|Mark-of-the-Web Bypass|MOTW(웹 표시) 우회|Mark of the web bypassed|MOTW 우회
T1553|DI|Subvert Trust Controls|신뢰 통제 무력화|Trust controls subverted|신뢰 통제 무력화
T1554|PE|Compromise Host Software Binary|호스트 소프트웨어 바이너리 변조|Installed program tampered with|설치된 프로그램 변조
T1555.001|CA|Keychain|키체인|Keychain read|키체인 탈취
T1555.003|CA|Credentials from Web Browsers|웹 브라우저 자격 증명|Browser passwords stolen|브라우저 저장 암호 탈취
T1555.004|CA|Windows Credential Manager|Windows 자격 증명 관리자|Windows credential store read|Windows 자격 증명 관리자 탈취
T1555.005|CA|Password Managers|암호 관리자|Password manager read|암호 관리자 탈취
T1555.006|CA|Cloud Secrets Management Stores|클라우드 비밀 저장소|Cloud secrets read|클라우드 비밀 저장소 탈취
T1555|CA|Credentials from Password Stores|암호 저장소 자격 증명|Password stores read|암호 저장소 탈취
T1556.002|CA|Password Filter DLL|암호 필터 DLL|Password filter planted|의심스러운 암호 필터 DLL 등록
T1556.003|CA|Pluggable Authentication Modules|PAM(플러그형 인증 모듈)|Authentication module tampered with|PAM 인증 모듈 변조
T1556.004|CA|Network Device Authentication|네트워크 장비 인증|Network device authentication tampered with|네트워크 장비 인증 변조
T1556.006|CA|Multi-Factor Authentication|다단계 인증|Multi-factor authentication weakened|다단계 인증 약화
T1556|CA|Modify Authentication Process|인증 과정 변경|Authentication tampered with|인증 과정 변조
T1557.001|CA|Name Resolution Poisoning and SMB Relay|이름 확인 오염·SMB 릴레이|Credentials relayed by name poisoning|이름 확인 오염·자격 증명 릴레이
T1557.003|CA|DHCP Spoofing|DHCP 스푸핑|DHCP spoofing|DHCP 스푸핑
T1557|CA|Adversary-in-the-Middle|중간자 공격|Traffic intercepted in the middle|중간자 공격
T1558.001|CA|Golden Ticket|골든 티켓|Golden ticket|골든 티켓
T1558.002|CA|Silver Ticket|실버 티켓|Silver ticket|실버 티켓
T1558.003|CA|Kerberoasting|Kerberoasting|Kerberoasting|Kerberoasting
T1558.004|CA|AS-REP Roasting|AS-REP Roasting|AS-REP roasting|AS-REP Roasting
T1558|CA|Steal or Forge Kerberos Tickets|Kerberos 티켓 탈취·위조|Kerberos tickets stolen or forged|Kerberos 티켓 탈취·위조
T1559.001|EX|Component Object Model|COM|Code run through COM|COM을 통한 코드 실행
T1559.002|EX|Dynamic Data Exchange|DDE|Code run through DDE|DDE를 통한 코드 실행
T1559|EX|Inter-Process Communication|프로세스 간 통신|Code run through process communication|프로세스 간 통신을 통한 코드 실행
T1560.001|CO|Archive via Utility|유틸리티로 압축|Data packed for theft|유출할 데이터 압축
T1560|CO|Archive Collected Data|수집 데이터 압축|Data packed for theft|유출할 데이터 압축
T1561.001|IM|Disk Content Wipe|디스크 내용 삭제|Disk contents wiped|디스크 내용 삭제
T1561.002|IM|Disk Structure Wipe|디스크 구조 삭제|Disk structure wiped|디스크 구조 삭제
T1561|IM|Disk Wipe|디스크 삭제|Disk wiped|디스크 삭제
T1562.001|DI|Disable or Modify Tools|도구 비활성화·변경|Security tools disabled|보안 도구 무력화
T1562.002|DI|Disable Windows Event Logging|Windows 이벤트 로깅 비활성화|Windows event logging disabled|Windows 이벤트 로깅 무력화
T1562.004|DI|Disable or Modify System Firewall|시스템 방화벽 비활성화·변경|Host firewall changed|호스트 방화벽 변경
T1562.008|DI|Disable or Modify Cloud Logs|클라우드 로그 비활성화·변경|Cloud logging disabled|클라우드 로깅 무력화
T1562|DI|Impair Defenses|방어 무력화|Defences impaired|방어 기능 무력화
T1563.002|LM|RDP Hijacking|RDP 하이재킹|RDP session hijacked|RDP 세션 하이재킹
T1563|LM|Remote Service Session Hijacking|원격 서비스 세션 하이재킹|Remote session hijacked|원격 세션 하이재킹
T1564.001|ST|Hidden Files and Directories|숨김 파일·디렉터리|Hidden files created|숨김 파일 생성
T1564.002|ST|Hidden Users|숨김 사용자|Hidden account created|숨김 계정 생성
T1564.003|ST|Hidden Window|숨김 창|Program run in a hidden window|숨김 창 프로그램 실행
T1564.004|ST|NTFS File Attributes|NTFS 파일 특성|Code hidden in a file stream|NTFS 스트림에 숨긴 코드
T1564.006|ST|Run Virtual Instance|가상 인스턴스 실행|Code hidden in a virtual machine|가상 머신에 숨긴 코드
T1564.008|ST|Email Hiding Rules|이메일 숨김 규칙|Mail hidden by a rule|메일 숨김 규칙
T1564|ST|Hide Artifacts|아티팩트 은닉|Traces hidden|흔적 은닉
T1565.001|IM|Stored Data Manipulation|저장 데이터 조작|Stored data manipulated|저장 데이터 조작
T1565.002|IM|Transmitted Data Manipulation|전송 데이터 조작|Transmitted data manipulated|전송 데이터 조작
T1565|IM|Data Manipulation|데이터 조작|Data manipulated|데이터 조작
T1566.001|IA|Spearphishing Attachment|스피어피싱 첨부 파일|Phishing attachment opened|피싱 첨부 파일 실행
T1566.002|IA|Spearphishing Link|스피어피싱 링크|Phishing link opened|피싱 링크 접속
T1566|IA|Phishing|피싱|Phishing|피싱
T1567.001|XF|Exfiltration to Code Repository|코드 저장소로 유출|Data sent out to a code repository|코드 저장소로 데이터 유출
T1567.002|XF|Exfiltration to Cloud Storage|클라우드 저장소로 유출|Data sent out to cloud storage|클라우드 저장소로 데이터 유출
T1567|XF|Exfiltration Over Web Service|웹 서비스 유출|Data sent out over a web service|웹 서비스를 통한 데이터 유출
T1568.002|C2|Domain Generation Algorithms|도메인 생성 알고리즘(DGA)|Generated domains contacted|DGA 도메인 접속
T1568|C2|Dynamic Resolution|동적 확인|Command server found dynamically|동적 이름 확인을 통한 C2 통신
T1569.001|EX|Launchctl|Launchctl|Code run through launchctl|launchctl을 통한 코드 실행
T1569.002|EX|Service Execution|서비스 실행|Command run as a service|서비스를 통한 명령 실행
T1569|EX|System Services|시스템 서비스|Code run as a service|서비스를 통한 코드 실행
T1570|LM|Lateral Tool Transfer|내부 도구 전송|Tool copied between hosts|호스트 간 공격 도구 복사
T1571|C2|Non-Standard Port|비표준 포트|Command traffic on an unusual port|비표준 포트 C2 통신
T1572|C2|Protocol Tunneling|프로토콜 터널링|Traffic tunnelled out|프로토콜 터널링
T1573|C2|Encrypted Channel|암호화 채널|Encrypted command channel|암호화된 C2 채널
T1574.001|ST|DLL|DLL|Malicious library side-loaded|악성 DLL 사이드로딩
T1574.005|ST|Executable Installer File Permissions Weakness|설치 파일 권한 취약점|Installer hijacked by weak permissions|설치 파일 권한 취약점 악용
T1574.006|ST|Dynamic Linker Hijacking|동적 링커 하이재킹|Library preloaded into programs|동적 링커 하이재킹
T1574.007|ST|Path Interception by PATH Environment Variable|PATH 환경 변수 가로채기|Search path hijacked|PATH 환경 변수 하이재킹
T1574.008|ST|Path Interception by Search Order Hijacking|검색 순서 하이재킹|Search order hijacked|검색 순서 하이재킹
T1574.011|ST|Services Registry Permissions Weakness|서비스 레지스트리 권한 취약점|Service hijacked in the registry|레지스트리를 통한 서비스 하이재킹
T1574.012|ST|COR_PROFILER|COR_PROFILER|.NET profiler hijacked|.NET 프로파일러 하이재킹
T1574|ST|Hijack Execution Flow|실행 흐름 하이재킹|Program start hijacked|프로그램 실행 흐름 하이재킹
T1578.003|DI|Delete Cloud Instance|클라우드 인스턴스 삭제|Cloud machine deleted|클라우드 인스턴스 삭제
T1578|DI|Modify Cloud Compute Infrastructure|클라우드 컴퓨팅 인프라 변경|Cloud machines changed|클라우드 인스턴스 변경
T1580|DS|Cloud Infrastructure Discovery|클라우드 인프라 탐색|Cloud infrastructure surveyed|클라우드 인프라 탐색
T1583|RD|Acquire Infrastructure|인프라 확보|Attack infrastructure prepared|공격 인프라 준비
T1584|RD|Compromise Infrastructure|인프라 침해|Compromised infrastructure used|침해된 인프라 사용
T1586.003|RD|Cloud Accounts|클라우드 계정|Compromised cloud account used|침해된 클라우드 계정 사용
T1586|RD|Compromise Accounts|계정 침해|Compromised account used|침해된 계정 사용
T1587.001|RD|Malware|악성코드|Malware found|악성코드 발견
T1587|RD|Develop Capabilities|공격 도구 개발|Attack tool found|공격 도구 발견
T1588.001|RD|Malware|악성코드|Malware found|악성코드 발견
T1588.002|RD|Tool|도구|Attack tool found|공격 도구 발견
T1588|RD|Obtain Capabilities|공격 도구 확보|Attack tool found|공격 도구 발견
T1589.002|RC|Email Addresses|이메일 주소|Mail addresses gathered|이메일 주소 수집
T1589|RC|Gather Victim Identity Information|신원 정보 수집|Identities looked up from outside|외부의 신원 정보 수집
T1590.001|RC|Domain Properties|도메인 속성|Domain looked up from outside|외부의 도메인 정보 수집
T1590.002|RC|DNS|DNS|DNS zone read out|DNS 영역 정보 수집
T1590|RC|Gather Victim Network Information|네트워크 정보 수집|Network looked up from outside|외부의 네트워크 정보 수집
T1591.004|RC|Identify Roles|역할 식별|Roles of persons looked up|담당자 역할 정보 수집
T1592.004|RC|Client Configurations|클라이언트 구성|Client configurations gathered|클라이언트 구성 정보 수집
T1592|RC|Gather Victim Host Information|호스트 정보 수집|Hosts looked up from outside|외부의 호스트 정보 수집
T1593.003|RC|Code Repositories|코드 저장소|Code repositories searched|코드 저장소 검색
T1595.001|RC|Scanning IP Blocks|IP 대역 스캐닝|Addresses scanned from outside|외부의 IP 대역 스캔
T1595.002|RC|Vulnerability Scanning|취약점 스캐닝|Vulnerability scan from outside|외부의 취약점 스캔
T1595.003|RC|Wordlist Scanning|단어 목록 스캐닝|Paths guessed from outside|외부의 경로 추측 스캔
T1595|RC|Active Scanning|능동 스캐닝|Scanning from outside|외부 스캔
T1598.002|RC|Spearphishing Attachment|스피어피싱 첨부 파일|Phishing for information|정보 수집 피싱
T1598|RC|Phishing for Information|정보 수집 피싱|Phishing for information|정보 수집 피싱
T1599.001|DI|Network Address Translation Traversal|NAT 통과|Network border bypassed|네트워크 경계 우회
T1600|DI|Weaken Encryption|암호화 약화|Encryption weakened|암호화 약화
T1601|DI|Modify System Image|시스템 이미지 변경|Device image replaced|장비 이미지 변조
T1602|CO|Data from Configuration Repository|구성 저장소 데이터|Device configurations collected|장비 구성 정보 수집
T1606|CA|Forge Web Credentials|웹 자격 증명 위조|Web credentials forged|웹 자격 증명 위조
T1608.003|RD|Install Digital Certificate|디지털 인증서 설치|Certificate installed for an attack|공격용 인증서 설치
T1608|RD|Stage Capabilities|공격 수단 배치|Attack tools staged|공격 도구 배치
T1609|EX|Container Administration Command|컨테이너 관리 명령|Command run in a container|컨테이너 내 명령 실행
T1610|EX|Deploy Container|컨테이너 배포|Suspicious container started|의심스러운 컨테이너 배포
T1611|PR|Escape to Host|호스트로 탈출|Escape from a container|컨테이너 탈출
T1612|ST|Build Image on Host|호스트에서 이미지 빌드|Container image built on the host|호스트에서 컨테이너 이미지 빌드
T1613|DS|Container and Resource Discovery|컨테이너·리소스 탐색|Containers surveyed|컨테이너 탐색
T1614.001|DS|System Language Discovery|시스템 언어 탐색|System language surveyed|시스템 언어 탐색
T1615|DS|Group Policy Discovery|그룹 정책 탐색|Group policy surveyed|그룹 정책 탐색
T1619|DS|Cloud Storage Object Discovery|클라우드 저장소 개체 탐색|Cloud storage surveyed|클라우드 저장소 탐색
T1620|ST|Reflective Code Loading|리플렉티브 코드 로딩|Code loaded straight into memory|메모리 내 코드 로딩
T1621|CA|Multi-Factor Authentication Request Generation|다단계 인증 요청 남발|Flood of multi-factor requests|다단계 인증 요청 폭주
T1622|ST|Debugger Evasion|디버거 회피|Debugger evaded|디버거 회피
T1648|EX|Serverless Execution|서버리스 실행|Code run in a serverless function|서버리스 함수를 통한 코드 실행
T1649|CA|Steal or Forge Authentication Certificates|인증서 탈취·위조|Authentication certificate stolen or forged|인증용 인증서 탈취·위조
T1651|EX|Cloud Administration Command|클라우드 관리 명령|Command run on cloud machines|클라우드 관리 명령 실행
T1652|DS|Device Driver Discovery|장치 드라이버 탐색|Drivers surveyed|장치 드라이버 탐색
T1653|PE|Power Settings|전원 설정|Power settings changed to stay awake|전원 설정 변조
T1654|DS|Log Enumeration|로그 열거|Logs searched|로그 탐색
T1657|IM|Financial Theft|금전 탈취|Financial theft|금전 탈취
T1666|DI|Modify Cloud Resource Hierarchy|클라우드 리소스 계층 변경|Cloud organisation changed|클라우드 조직 구조 변경
T1685.001|DI|Disable or Modify Windows Event Log|Windows 이벤트 로그 비활성화·변경|Windows event logging disabled|Windows 이벤트 로깅 무력화
T1685.002|DI|Disable or Modify Cloud Log|클라우드 로그 비활성화·변경|Cloud logging disabled|클라우드 로깅 무력화
T1685.003|DI|Modify or Spoof Tool UI|도구 화면 변조|Display of a security tool spoofed|보안 도구 화면 변조
T1685.004|DI|Disable or Modify Linux Audit System Log|Linux 감사 로그 비활성화·변경|Linux auditing disabled|Linux 감사 로깅 무력화
T1685.005|DI|Clear Windows Event Logs|Windows 이벤트 로그 삭제|Windows event log cleared|Windows 이벤트 로그 삭제
T1685.006|DI|Clear Linux or Mac System Logs|Linux·Mac 시스템 로그 삭제|System logs cleared|시스템 로그 삭제
T1685|DI|Disable or Modify Tools|도구 비활성화·변경|Security tools disabled|보안 도구 무력화
T1686.001|DI|Cloud Firewall|클라우드 방화벽|Cloud firewall opened|클라우드 방화벽 개방
T1686.002|DI|Network Device Firewall|네트워크 장비 방화벽|Firewall of a network device changed|네트워크 장비 방화벽 변경
T1686.003|DI|Windows Host Firewall|Windows 호스트 방화벽|Windows firewall changed|Windows 방화벽 변경
T1686|DI|Disable or Modify System Firewall|시스템 방화벽 비활성화·변경|Host firewall changed|호스트 방화벽 변경
T1687|DI|Exploitation for Defense Impairment|방어 무력화 취약점 악용|Protection switched off by an exploit|취약점 악용 보호 기능 무력화
T1688|DI|Safe Mode Boot|안전 모드 부팅|Start forced into safe mode|안전 모드 강제 부팅
T1689|DI|Downgrade Attack|다운그레이드 공격|Downgrade to a weaker protection|보호 수준 다운그레이드 공격
T1690|DI|Prevent Command History Logging|명령 기록 방지|Command history switched off|명령 기록 중단
`

const BY_ID: ReadonlyMap<string, Technique> = new Map(TABLE.trim().split('\n').map((line): [string, Technique] => {
  const [id, code, en, ko, phrase, phraseKo] = line.split('|') as [string, string, string, string, string, string]
  return [id, { id, tactic: CODES[code] as string, name: { en, ko }, phrase: { en: phrase, ko: phraseKo } }]
}))
