// Files as people leave them: whoever sees one of these lines can use what stands there, so that each is found. Secrets are drawn, and each name is one of a file that is met.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createDetector, readSecretRules } from '@haechi/secrets'
import { expect, test } from 'vitest'
import { draw } from './draw.ts'

const detector = createDetector(readSecretRules(readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(import.meta.dirname, path)) }))).rules)

const files: readonly (readonly [path: string, text: string])[] = [
 ['.env', 'DB_HOST=db\nDB_PASSWORD={base62:8}!x9\nDATABASE_URL=postgres://app:{base62:12}@db:5432/main\nREDIS_URL=redis://:{base62:20}@redis:6379/0\nSECRET_KEY={base62:50}\nJWT_SECRET={base64url:43}\nSTRIPE_SECRET_KEY=sk_live_{base62:24}\nAWS_ACCESS_KEY_ID=AKIA{base32:16}\nAWS_SECRET_ACCESS_KEY={base64:40}\nMAIL_PASSWORD="{base62:14}7q"\nTELEGRAM_BOT_TOKEN={digits:10}:AA{base64url:33}\nENCRYPTION_KEY={hex:64}\nSESSION_SECRET={hex:32}\nADMIN_PASSWORD={lower:6}{digits:4}!\nSMTP_PASS={consonants:16}\n'],
 ['docker-compose.yml', 'services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: {base62:14}1a\n      - MYSQL_ROOT_PASSWORD={base62:12}8Z\n      MINIO_SECRET_KEY: {base62:24}\n'],
 ['application.yml', 'spring:\n  datasource:\n    url: jdbc:mysql://db/main\n    username: app\n    password: {base62:10}!2\n  mail:\n    password: {base62:14}7Q\njwt:\n  secret: {base64:64}\n'],
 ['application.properties', 'spring.datasource.password={base62:10}7q\nspring.security.oauth2.client.registration.kakao.client-secret={base62:32}\nspring.security.oauth2.client.registration.naver.client-secret={base62:10}\ncloud.aws.credentials.secret-key={base64:40}\ncloud.aws.credentials.access-key=AKIA{base32:16}\n'],
 ['settings.py', "SECRET_KEY = 'django-insecure-{base62:50}'\nDATABASES = {'default': {'USER': 'app', 'PASSWORD': '{base62:12}3d'}}\nEMAIL_HOST_PASSWORD = '{base62:14}6v'\n"],
 ['config.php', "define('DB_PASSWORD', '{base62:14}');\n$password = '{base62:9}#1';\n$conn = mysqli_connect('localhost', 'root', '{base62:12}9');\n"],
 ['terraform.tfvars', 'db_password = "{base62:16}5h"\ndo_token = "dop_v1_{hex:64}"\naccess_key = "AKIA{base32:16}"\nsecret_key = "{base64:40}"\n'],
 ['.git-credentials', 'https://me:ghp_{base62:30}{github:6}@github.com\nhttps://oauth2:glpat-{base62:20}@gitlab.com\n'],
 ['.aws/credentials', '[default]\naws_access_key_id = AKIA{base32:16}\naws_secret_access_key = {base64:40}\n'],
 ['.npmrc', '//registry.npmjs.org/:_authToken=npm_{base62:30}{github:6}\n'],
 ['.pypirc', '[pypi]\nusername = __token__\npassword = pypi-AgEIcHlwaS5vcmc{base64url:150}\n'],
 ['.netrc', 'machine github.com login me password {base62:30}\n'],
 ['kube.yaml', 'users:\n- name: a\n  user:\n    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQp{base64:800}\n    token: {base62:60}\n'],
 ['secret.yaml', 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {base64:22}==\n  username: YWRtaW4=\n'],
 ['ci.yml', 'script:\n  - curl -H "Authorization: Bearer {base62:40}" https://api.example.net\n  - docker login -u me -p {base62:16} registry.example.net\n  - sshpass -p {base62:10} ssh root@10.0.0.1\n  - mysql -h db -u root -p{base62:12} main\n'],
 ['app.js', "const client = new OpenAI({ apiKey: 'sk-proj-{base64url:74}T3BlbkFJ{base64url:74}' })\nconst firebaseConfig = { apiKey: \"AIza{base64url:35}\" }\nmongoose.connect('mongodb+srv://app:{base62:16}@c0.abcde.mongodb.net/x')\nconst slack = 'https://hooks.slack.com/services/T{upnum:8}/B{upnum:10}/{base62:24}'\naxios.get(url, { auth: { username: 'admin', password: '{base62:10}!1' } })\nconst kakao = { restApiKey: '{hex:32}' }\nKakao.init('{hex:32}')\n"],
 ['Main.java', 'private static final String API_KEY = "{base62:32}";\nString password = "{base62:8}!Q1";\nDriverManager.getConnection(url, "root", "{base62:10}1!");\n.signWith(SignatureAlgorithm.HS256, "{base62:40}")\n'],
 ['web.config', '<add name="Db" connectionString="Server=db;Database=a;User Id=sa;Password={base62:10}!;" />\n<add key="ApiSecret" value="{base62:32}" />\n<machineKey validationKey="{HEX:128}" decryptionKey="{HEX:64}" />\n'],
 ['메모.txt', '운영 서버 비밀번호: {base62:9}!2\nDB 계정 root / 암호 = {base62:10}#\n토스 시크릿키: live_sk_{base62:32}\n공공데이터 인증키: {base62:86}%3D%3D\nVPN 비번은 {base62:8}!1 입니다\nID: admin PW: {base62:8}!1\n'],
 ['wg0.conf', '[Interface]\nPrivateKey = {base64:42}A=\n'],
 ['tomcat-users.xml', '<user username="admin" password="{base62:12}4k" roles="manager-gui"/>\n'],
 ['settings.xml', '<server>\n  <id>nexus</id>\n  <username>deploy</username>\n  <password>{base62:14}</password>\n</server>\n'],
 ['id.json', '{"type": "service_account","private_key_id": "{hex:40}","private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE{base64:800}\\n-----END PRIVATE KEY-----\\n","client_email":"a@b.iam.gserviceaccount.com"}'],
 ['config.json', '{"password": "{base62:12}", "token":"{base64url:40}", "clientSecret":"{hex:40}", "auths": {"ghcr.io": {"auth": "{base64:40}"}}}'],
 ['strings.xml', '<string name="google_maps_key">AIza{base64url:35}</string>\n<string name="api_secret">{base62:32}</string>\n<string name="kakao_app_key">{hex:32}</string>\n'],
 ['AndroidManifest.xml', '<meta-data android:name="com.kakao.sdk.AppKey" android:value="{hex:32}"/>\n<meta-data android:name="com.naver.maps.map.CLIENT_SECRET" android:value="{base62:40}"/>'],
]

test.each(files)('%s', (path, text) => {
  const lines = text.split('\n').flatMap((line, at) => (/\{\w+:\d+\}/.test(line) ? [{ line, number: at + 1 }] : []))
  for (const seed of ['1', '2', '3', '4']) {
    const found = new Set(detector.detect(draw(text, seed), { path }).found.map(({ line }) => line))
    expect(lines.filter(({ number }) => !found.has(number)).map(({ line }) => line)).toEqual([])
  }
})
