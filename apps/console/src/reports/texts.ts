import { catalogue } from '../texts/catalogue.ts'

export const reportTexts = catalogue({
  title: 'Reports', monthly: 'Monthly report', month: 'Month', previous: 'Month before', following: 'Month after', so_far: 'so far',
  download_html: 'Download (HTML)', download_json: 'Download (JSON)', shown: 'Monthly report of {month}',
}, {
  title: '보고서', monthly: '월간 보고서', month: '월', previous: '이전 달', following: '다음 달', so_far: '진행 중',
  download_html: '내려받기(HTML)', download_json: '내려받기(JSON)', shown: '{month} 월간 보고서',
})
