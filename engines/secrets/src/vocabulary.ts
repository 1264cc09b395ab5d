// Fragments of words of this project's own texts, written by vocabulary.generate.ts.
export const vocabulary = `
aa aaaa ab abc abil abilities ability able abled ables abort about abs ac acce accept accepted access account ack acknow act action actions activ
activity actor ad add added addition addr address addresses admin af affect after ag again age ages ai ail ailable ain ak al aler alert alerts alg
algor algorith ali all allow allowed ally alog alone als alse altern alth am ame amp an anal analy analyst ance and andid ands ang anon another ans
ansa answ answer answered answers ant anted anti ants any ap api app apped append applic application appro approval aps ar arch ard ards are arg arge
args argument arguments arn array arri ars ary as ase ased ases ash ask asked asks ason ass assert asset assets assi assign ast asy async at atch ate
ated ater ates atever ath ating ation ations ative ator att atta attach attack attemp attri au aud audit aut auth authent authentic author authoriz
autom automat av available await ax ba back backfill bad bag ban banner bare bas base basic batch bb bc be bear bed before beg begin beh behind belong
below ben ber bers bes beside bet bey big bin bit bits ble block bo board body bomb boole boolean both bound box br bra bran brea break bro broken brow
browser bs bu buffer bug buil build built bur bus but by byte bytes ca cal call caller calls came can cance candid cannot cap capt car card case cat
catalog catalogue catch cate cated categ category cau cause cbc cc cd ce ced cell cent cer certific certificate ces cess ch cha chain chan chang change
changed changes channel chap char charact characters che check ched ches child cho chos chosen chun chunk ci cip cir ck cket ckets cl cla class classi
cle clear cli client clo clock clocks close closed cloud clu clud cluded clusive clust cm co cod code coded codes col coll colle colon colum column
columns com combin come comes comm command comment comp compa compare compil compile comple complete compon component components compress con concat
cond condition conditions conds conf confi confid confidence config configur conne connect connection conso console const constant cont contain
contains content context contin continue control conver cook cookie copy cor corp corpus corre correl correlat correlation correlations correlator coun
count counted counts cover cp cpe cr cre create created cred credent credentials crets cri cript crit criter critical criticality cry cryp crypto cs
csf csv ct cted ction ctions ctor cts cur curity current curs cursor cust custom customer cut cve cvss cwe cy da dash dat data datab database date day
days db dc dd de deb debian dec decid decide decided decis decision decla decode ded deep def default defended defin defined definition delete deli
delimit demo den dep depend depth der des desc descri describe description dest detail dete detected detection dex dh dhe di dic diff differ dig digest
dio dir dire director directory dis disable discover display dist distri distribut dle dn dns do doc doctor document documents does dom domain done dot
doub down dra draft draw drawn dri drop ds dsl du due dump dup duplic dur dy ea each ear ec ece eces ech ect ed eded edit ef effect egress ek el eld
ele else email emp empty en enc ence ences encod encode encoding encry ency end ended ending endpoint ends ened ener eng ength eno ens ense ent entries
entry ents enum env envi environ environment ep eper equ equal er ere ered err error errors ers es escap ess est estig ests et ets ev evalu event
events ever every everything evid evidence evil ew ex exact examp example exce exe exec execut execute exfil exfiltr exist exists exit exp expect
expected expires expla explo exploit expo export exposure express expression ext extens extr extract extractor exts fa face fact facts fail failed
failure false fast fault faults fb fc fd fe feed fer fet fetch few ff ffect ffer ffff fi fic fication fied fiel field fields fier fiers fies figu fil
file files fill filled filter fin find finding findings finger fingerprint finish fir first fit fix fixed fixt fixture fl fla flag flags flat flo flow
flush fo fol fold folder follow for force fore form formance format formed found four fra frame fro from fs ft ftp ful full fun function fy gate gath
ge ged gener ger ges get gets ging giv given glob go goes gone got gr gra grad grade gram grap gre greater gres gress gro group groups gu guess guid
gzip ha haech haechi hal hand hands happ har hard has hash have he head header headers heap hel held hell hello her here hex hi high hij hint hist hits
ho hol hold holds host hostname hosts hour hours hout how ht html http https ia ial ials ian ible ic ical ices icious icon ics id idden ide ident
identi idents ides ids ie ied ield ient ies if ify ig igh ight ights ign igno ignore igr il ild ile ill im image imal imp import in inc incident
incidents inclu includes ind index indic indicator indicators inds ine ines infin info inform information ing inger ingest ings init inner input ins
inside inst install instance instanceof instru int inte integer integr intel inter intern internal interrup into ints inv invalid investig io ion ions
ious ip ir ire ired ires is ise ised ish isk iso isol isolate ison issu ist istr it ite ited item items iter ites itest ith ither ities ition itions
its itself ity iv ive ived ives ix iz ize je ject jo join js json jud judge judged jun ke keep ken kept ker kes kev key keys ki kill kind kinds king
kno know knowledge known ko ks la lab label lack lan lang langu language larg large last lat late later lates latin laun launch lay ld le lea lead
lease least led ledge left leg length les less let lete leve level li lib libr library lic lied lies lif lift lig like limit lin line lines ling link
lint lish list listed listen listener lists lit liter live ll lled lo load loaded lob loc local lock log logsource long look looked lookup loop low
lower ls ly ma mac mach machine made mage mail main mal man manag many map mapp mapping mar mark mas mast match matched matcher matchers matches math
max may mb mbers mcp md me mean meas med medi media mem member members ment ments mer mes mess message met meta meth method metr metrics mi mic micro
mid migr mil milli min minute minutes mis mise miss missed missing mit mits mitted mix mk ml mm mo mod mode model modi mon month more most move mp ms
mt mul multi multip must mut na name named names nar narrow nc nd ndjson ne near ned need needs neg nel ner ners ness nest net network never new next
ng ni ning no nobody node nodes nolog non none nor not note nothing noti noun now np npm ns null nullable num number numbers oas ob object observ oc
occur oct od of off offset og ok ol old ole om on once one ones ong only op open openapi opened oper operation operator opt option optional options or
ord order org ories orig origin ors ort orts ory os ose ot oth other others our ours ous out outbox outcome output over own owner pa pace pack package
packed packs pad page pair pan par para param parame parameter parameters params paren parent parse parsed part parti parts pass password pat patch
path paths pattern pay payload pe pect ped peer per percent performance pers person pes pg ph pha pi pick pid piece pieces ping pipe pipeline pk pl pla
place placehold places plain plan plat platform play po point points poison pol polic policy pool port pos posit position positive post postgres pow pr
pre predic prefix prepa pres present press pret pri print prints priv private pro proble problem process processing produ product program progress
promis promise promp proper properties property proto protocol provid provider ps pt pted ption ptions pts pub public publish pur push put py ql qu
quanti que quer query ques quest question queue qui quo ra rail ran random rang range ranges rate raw ray rc re rea reach reached read readable reader
reading readonly reads ready real reason rece received reco recog recor record records recur red redire redu ree ref refer reference references refus
refusal refuse refused reg regex regist registr registry reje reject rejected rejects rel remember remo remote remove removed ren render rent rep repe
repeat replace report requ request requester requests required res resh resol resolve resolved resour resource resp respon response ress rest result
results ret retry return revis rfc ri ries right ring risk rm ro rol role roll roller ron root rop rot round route row rows rp rpc rsa ru rule rules
run running runs rup ry sa safe said same samp sample sat satis say says sc scal scan sche schema schemas scheme sco scope scri script se seal search
sec second seconds secret secrets section security sed see seed seen seg segment sel sele select selection self send sent sequ sequence ser sert serv
serve server servers service ses sess session set sets sett settings sever several severity sh sha shap shape share shared ship sho short show shown si
sid side sig sight sigma sign signal signat signature signed sil silent sin sing site sive six size sk skip sl slash sli slice slo slot slow sm small
so socket soft some sort sorted sour source sources sp spa space spe speak spec speci split spo sql src ss ssh ssl st sta stal stand stands star start
started starts stat state stated statement status std ste stem step steps sto stop stor store stored story str strea stream stri strict string
stringify stru struct sts sty su sub subject subscri suc succe such sum summar summary sup support supported suppress sur sure sus susp sv sw swe sweep
swit switch sy sync sys sysmon system ta table tact tag tags tail tain take taken takes tar target targets task tax td te tech techni techniques
technolog ted tele tell temp template templates tempor ten tenant tenants ter term termin tern ters tes test tests text texts th than that the their
them then ther there thes they thing this those thread thro through throw ti ties tific tim time timeout times timespan ting tit title tl tls tmp to
token told ton too tool tools top tot total totals tou tp tr tra track trail trans transa transaction transform tree tri trim tru true trun trust truth
try ts turn two tx ty type typeof types ual ub ud ue ug ugh uid uint ul ular uld ules ull ult ults um ument uments un und undefined under unds uni
unknown unreadable unt until up update ur ure ured ures urg uri url urn us usage use used user users uses ush usive ust ut utc ute uted utes utf ux val
valid valu value values var vari vc ve vector ved velo vend ver verdi verdict veri verified verify vers verse version versions ves vi vice vid view
ving vis vitest vo void vss vul vulner wa wait waiting wal wall wanted ward ware warn was watch way ways wd we weak weakness web wh what whatever whe
when where whi which while who whole whose why wi wid width wild win windo window windows winlog wire wish wit with within without wn wo wor word words
work workflow wr writ write writes written wrong ws ww xml xx xxxx xy ya yaml year yield yml yo ys ze zer zip zone zz
`
