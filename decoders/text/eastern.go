package text

import (
	"sync"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// runeSet holds runes of the basic plane.
type runeSet [1 << 16 / 64]uint64

func (s *runeSet) add(r rune) {
	if r < 1<<16 {
		s[r/64] |= 1 << (r % 64)
	}
}

func (s *runeSet) has(r rune) bool { return r < 1<<16 && s[r/64]&(1<<(r%64)) != 0 }

// eastern says which characters a double-byte page makes likely. The zero value makes none likely.
type eastern struct {
	kana  bool
	known func() *[2]runeSet // frequent ones, and those of the first level of the national standard
}

// What each page makes likely: the first levels are KS X 1001 rows 16-40 (hangul), GB 2312 rows 16-55, JIS X 0208 rows 16-47. Built when the first text outside
// ASCII comes.
var (
	koreanText   = eastern{known: sync.OnceValue(func() *[2]runeSet { return levels(korean.EUCKR, 0xb0, 0xc8, 0xa1, frequentHangul) })}
	chineseText  = eastern{known: sync.OnceValue(func() *[2]runeSet { return levels(simplifiedchinese.GBK, 0xb0, 0xd7, 0xa1, frequentHanzi) })}
	japaneseText = eastern{kana: true, known: sync.OnceValue(func() *[2]runeSet { return levels(japanese.ShiftJIS, 0x88, 0x98, 0x40, frequentKanji) })}
	everyEastern = eastern{kana: true, known: sync.OnceValue(func() *[2]runeSet {
		all := new([2]runeSet)
		for _, e := range []eastern{koreanText, chineseText, japaneseText} {
			for level, set := range e.known() {
				for i, word := range set {
					all[level][i] |= word
				}
			}
		}
		return all
	})}
)

// levels decodes every pair from firstRow to lastRow.
func levels(coding encoding.Encoding, firstRow, lastRow, firstCell byte, frequent string) *[2]runeSet {
	sets := new([2]runeSet)
	for _, r := range frequent {
		sets[0].add(r)
	}
	var pairs []byte
	for row := int(firstRow); row <= int(lastRow); row++ {
		for cell := int(firstCell); cell <= 0xfe; cell++ {
			pairs = append(pairs, byte(row), byte(cell))
		}
	}
	shown, err := coding.NewDecoder().Bytes(pairs)
	if err != nil {
		return sets // no decoder of x/text fails on octets today; without levels the page is merely less likely
	}
	for _, r := range string(shown) {
		if scriptOf(r) == scriptEastern {
			sets[1].add(r)
		}
	}
	return sets
}

func (e eastern) cost(r rune) int {
	switch {
	case e.known == nil:
		return costRare
	case r >= 0xff66 && r <= 0xff9f:
		return costHalfKana
	case e.kana && r >= 0x3041 && r <= 0x3096:
		return costHiragana
	case e.kana && r >= 0x30a1 && r <= 0x30fe:
		return costKatakana
	}
	sets := e.known()
	switch {
	case sets[0].has(r):
		return costFrequent
	case sets[1].has(r):
		return costKnown
	}
	return costRare
}

// The characters that running text and popups use most. Repetition does no harm.
const (
	frequentHangul = "이다는을를에의가고하지기도로은한사어리시자아나인대서해라일안정보그있수만주것들등과와및또는더여러컴퓨터윈도우바이러스경고오류레지스트메신저무료다운로드설치클릭방문하세요" +
		"십니까습입신당귀시템업데감염되었니전화번호대출카드상담문의회원광고성게임오늘금바확필중알림제거료프그램넷사트소연결문발생손긴급즉검복구때면게할된될없음없합드릴않" +
		"했으며위험보호개통원단신용불량자가능최저리간편송이벤행운당첨축하쿠폰할인판매가격저렴특별기회품질좋은새로운추천성공부업재택돈벌학위증발급대학비밀접속열창닫" +
		"누르버튼장치파일삭손실방지조치완내용용량속도향최적화백신스파웨어애드팝업차단법요청관련각종모든위해통해에서부터까습니다했습니다입니다합니다하십시오하여주시기바랍니" +
		"년월일시분초원명개번차회국민한어영중미외내본정장동서남북상하좌우전후선생님친구가족남녀여자남자만남채팅사랑무한온라오프화면카메라노트북"
	frequentHanzi = "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进法此实回二理美点月明其种声全工" +
		"己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴" +
		"警告注意系统错误病毒感染电脑计算机下载安装修复注册表立即访问网站点击确定窗口您您的免费优惠中奖发票贷款办理证书咨询热线安全漏洞补丁更新升级软件程序服务信使垃圾信息邮箱密码账号用户删除检测扫描清除威胁严重危险紧急请尽快重启输入地址浏览器打开关闭按钮客户代开价格折扣学历文凭刻章办证"
	frequentKanji = "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨" +
		"会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住真有口少町料工建空急止送切転研究足起着店図質問写夜親音楽英歩風紙黒赤青春夏秋冬" +
		"警告注意危険感染検出修復削除登録無料今次全最新版更新接続情報個重要緊急画面表示確認更必要対策設定画破損障害問題解決電話番号申込料金支払請求期限連絡下記訪表完了失敗起動再停止開閉押実行保存損害可能性即座直処置安全保護侵入不正被害詳細利用者様当社御客会員募集副業収入融資即日審査簡単女性男性出会系相手待受信送信済" +
		"部内性成法政合関定調化経実現数点向原取決戦変機関組織議連約平式相和活制件治産結打引加改身治"
)
